"""What a campaign's senders still have queued, before anything of it is destroyed.

The API server deletes nothing that may hold mail until the namespace is marked (warmlane.queued_mail): here it is, once
the queues have been found empty, or a person has said that what is in them may go.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote

from cli.cluster import Cluster
from cli.deploy import Session
from cli.outcome import Misused, Refused, WorldFailed
from warmlane import handover, names, queued_mail, sizing
from warmlane.handover import EXPORTED_DIRECTORY
from warmlane.sender_config import SPOOL_DIRECTORY

MANAGER = "warmlane-queue"
INTAKE = "producer-ingress"
"""The policy through which producers reach a sender."""
DIRECTORIES = [SPOOL_DIRECTORY, EXPORTED_DIRECTORY]
EXPORTED = "exported"
"""The name, among queues, of what pods without a sibling left for the next one."""
ENDED_OR_NEVER_RAN = ("Pending", "Succeeded", "Failed")
"""Phases of pods without a queue that a volume doesn't keep."""
COUNT = """
import json, os, sys
from pathlib import Path
from services.sender.gate import queues
spool, exported = map(Path, json.load(sys.stdin))
os.listdir(spool)
# A message that moves from one queue to another between two looks is seen by one of them.
looks = [queues.sizes(spool) for _ in range(2)]
found = {queue: max(look[queue] for look in looks) for queue in looks[0]}
if exported.is_dir():
    found["exported"] = sum(len(files) for _, _, files in os.walk(exported))
print(json.dumps(found))
"""

EMPTY = """
import json, os, sys
from services.sender.gate import queues
spool, exported = json.load(sys.stdin)
folders = [os.path.join(spool, name) for name in queues.QUEUES] + [exported]
for path in (os.path.join(folder, name) for top in folders for folder, _, names in os.walk(top) for name in names):
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
print("null")
"""


@dataclass(frozen=True)
class Queued:
    """What lies in a campaign's queues: messages by queue, summed over its pods, and why that is not all that may be
    there. `there` is False when the campaign has no namespace."""

    campaign: str
    there: bool = True
    messages: Mapping[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Messages in all queues."""
        return sum(self.messages.values())

    @property
    def empty(self) -> bool:
        """Whether it is known that nothing is queued."""
        return not self.count and not self.unknown

    @property
    def told(self) -> str:
        """One clause for people: `spring-sale has 3 messages queued (deferred 1, hold 2)`."""
        parts = ", ".join(f"{queue} {number}" for queue, number in sorted(self.messages.items()) if number)
        what = f"has {self.count} message(s) queued" + (f" ({parts})" if parts else "")
        return f"{self.campaign} {what}" + "".join(f"; {why}" for why in self.unknown)

    @property
    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@contextmanager
def settled(session: Session, discard: str | None) -> Iterator[list[dict[str, Any]]]:
    """Lets the selected campaigns be destroyed inside; gives what was queued, for JSON.

    Raises Misused, Refused and WorldFailed, before anything is destroyed.
    """
    if discard is not None and not discard.strip():
        raise Misused("--discard says nothing.", "Say why the mail may be lost, for those who ask for it later.")
    selected = session.selection.campaign_stacks
    existing = session.engine.stacks(selected[0]) if selected else {}
    campaigns = [
        campaign
        for campaign, stack in zip(session.selection.campaigns, selected, strict=True)
        if stack.name in existing
    ]
    cluster = Cluster(session.environment.cluster.context, session.engine.variables)
    found = settle(cluster, campaigns, discard, session.output.note)
    try:
        yield [one.facts for one in found]
    finally:
        # What was not destroyed goes on accepting mail, which must be guarded again.
        try:
            unmark(cluster, [one.campaign for one in found])
        except WorldFailed as failure:
            session.output.note(f"The annotation {queued_mail.MARK} may be left on a namespace: {failure.what}")


def settle(
    cluster: Cluster, campaigns: Iterable[str], discard: str | None, note: Callable[[str], None]
) -> list[Queued]:
    """Looks into the queues and marks the namespaces, so that they may be destroyed.

    Raises Refused while mail is queued, or may be, unless `discard` gives the reason for losing it; WorldFailed.
    """
    found = [one for one in (look(cluster, campaign) for campaign in campaigns) if one.there]
    if discard is None:
        _refuse([one for one in found if not one.empty])
        for one in found:
            _close(cluster, one.campaign)
        found = [look(cluster, one.campaign) for one in found]
        _refuse([one for one in found if not one.empty], closed=True)
    for one in found:
        if one.empty:
            _mark(cluster, one.campaign, queued_mail.DRAINED, "nothing was queued")
        else:
            note(f"{one.told}: discarded, as you say: {discard}")
            _mark(cluster, one.campaign, queued_mail.DISCARDED, f"{discard} ({one.count} message(s) were counted)")
            _close(cluster, one.campaign)
            _empty(cluster, one.campaign, note)
    return found


def _close(cluster: Cluster, campaign: str) -> None:
    """Lets no producer in: what comes between the look and the end of the pods would be lost."""
    cluster.kubectl("delete", "networkpolicy", INTAKE, "-n", names.namespace(campaign), "--ignore-not-found")


def _empty(cluster: Cluster, campaign: str, note: Callable[[str], None]) -> None:
    """Removes what is queued, for a pod with mail stays for minutes and looks for a sibling that takes it."""
    namespace = names.namespace(campaign)
    for pod in _pods(cluster, campaign):
        try:
            cluster.python(namespace, pod["metadata"]["name"], EMPTY, DIRECTORIES, sizing.GATE, seconds=60)
        except WorldFailed as failure:
            note(f"{pod['metadata']['name']} may need {handover.GRACE_SECONDS // 60} min to leave: {failure.what}")


def _pods(cluster: Cluster, campaign: str) -> list[dict[str, Any]]:
    chosen = quote(f"app={names.app(campaign)}")
    pods: list[dict[str, Any]] = cluster.get(
        f"/api/v1/namespaces/{names.namespace(campaign)}/pods?labelSelector={chosen}"
    )["items"]
    return pods


def unmark(cluster: Cluster, campaigns: Iterable[str]) -> None:
    """Takes the mark from namespaces that stay, so that the mail which comes in is guarded. Raises WorldFailed."""
    for campaign in campaigns:
        namespace = cluster.find(f"/api/v1/namespaces/{names.namespace(campaign)}")
        # One that is going would never end without its mark.
        if namespace and not namespace["metadata"].get("deletionTimestamp"):
            _annotate(cluster, campaign, f"{queued_mail.MARK}-", f"{queued_mail.REASON}-")


def look(cluster: Cluster, campaign: str) -> Queued:
    """What is queued in a campaign's pods. Raises WorldFailed when the cluster does not answer."""
    namespace = names.namespace(campaign)
    if cluster.find(f"/api/v1/namespaces/{namespace}") is None:
        return Queued(campaign, there=False)
    pods = _pods(cluster, campaign)
    claims = cluster.get(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims")["items"]
    messages, unknown = dict[str, int](), list[str]()
    running = [pod["metadata"]["name"] for pod in pods if pod["status"].get("phase") == "Running"]
    for pod in running:
        try:
            for queue, number in _count(cluster, namespace, pod).items():
                before = messages.get(queue, 0)
                # All pods see the one volume of exports, so each counts the same files.
                messages[queue] = max(before, number) if queue == EXPORTED else before + number
        except WorldFailed as failure:
            unknown.append(f"what {pod} has is not known ({failure.what})")
    for pod in pods:
        if pod["status"].get("phase") not in ENDED_OR_NEVER_RAN and pod["metadata"]["name"] not in running:
            unknown.append(f"{pod['metadata']['name']} does not answer for its node")
    # A pod that never ran accepted nothing, but a volume outlives its pod.
    unseen = sorted(name for name in (claim["metadata"]["name"] for claim in claims) if not _seen(name, running))
    if unseen:
        unknown.append(f"no running pod looks into the volume(s) {', '.join(unseen)}")
    return Queued(campaign, True, messages, tuple(unknown))


def _seen(claim: str, running: list[str]) -> bool:
    """Whether a running pod has the volume of a claim: any that of exports, one of a StatefulSet its own alone."""
    if claim == names.EXPORTED_CLAIM:
        return bool(running)
    return claim.removeprefix(f"{names.SPOOL_CLAIM}-") in running


def _count(cluster: Cluster, namespace: str, pod: str) -> dict[str, int]:
    """Messages by queue; of either container, as both have the spool. Raises WorldFailed."""
    try:
        counted: dict[str, int] = cluster.python(namespace, pod, COUNT, DIRECTORIES, sizing.GATE, seconds=60)
    except WorldFailed:
        counted = cluster.python(namespace, pod, COUNT, DIRECTORIES, sizing.POSTFIX, seconds=60)
    except json.JSONDecodeError as error:
        raise WorldFailed(f"the pod's answer is no count: {error}", "Look at the pod.") from None
    return counted


def _refuse(full: list[Queued], closed: bool = False) -> None:
    if not full:
        return
    ids = " ".join(f"-c {one.campaign}" for one in full)
    again = f" Submission is closed meanwhile; `warmlane up {ids}` opens it again." if closed else ""
    raise Refused(
        f"Nothing was destroyed: {'; '.join(one.told for one in full)}.",
        f"Wait until it is delivered, or say why it may be lost: `warmlane destroy {ids} --discard REASON`.{again}",
    )


def _mark(cluster: Cluster, campaign: str, mark: str, reason: str) -> None:
    _annotate(cluster, campaign, f"{queued_mail.MARK}={mark}", f"{queued_mail.REASON}={reason}")


def _annotate(cluster: Cluster, campaign: str, *annotations: str) -> None:
    where = ("namespace", names.namespace(campaign), "--overwrite", f"--field-manager={MANAGER}")
    cluster.kubectl("annotate", *where, *annotations)
