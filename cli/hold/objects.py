"""A campaign's record and its mirror in the cluster: reads what stands, writes a new decision over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cli.cluster import Absent, ChangedMeanwhile, Cluster
from cli.outcome import Refused
from warmlane import hold, names

MANAGER = "warmlane-hold"
"""Field manager of record and mirror."""
ATTEMPTS = 5
"""How often the mirror is looked at again when somebody else writes it at the same moment."""


@dataclass(frozen=True)
class Found:
    """A ConfigMap of a hold. `version` is None where there is none; `record` is None where it can't be read, and
    `problem` says why."""

    version: str | None = None
    record: hold.Record | None = None
    problem: str = ""
    made: datetime | None = None
    """When the ConfigMap was made."""

    @property
    def level(self) -> str:
        """How it is shown: `unreadable` where nobody can say."""
        if self.version is None:
            return hold.Level.NONE
        return self.record.level if self.record else "unreadable"

    @property
    def told(self) -> str:
        """One clause for people."""
        if self.version is None:
            return "none."
        return self.record.told if self.record else f"unreadable, so it stands: {self.problem}."


def found(document: dict[str, Any] | None) -> Found:
    """What a ConfigMap says, as the API server shows it."""
    if document is None:
        return Found()
    version = str(document["metadata"]["resourceVersion"])
    made = datetime.fromisoformat(document["metadata"]["creationTimestamp"])
    try:
        return Found(version, hold.of_config_map(document), made=made)
    except hold.UnreadableHold as error:
        return Found(version, None, str(error), made)


def read(cluster: Cluster, campaign: str) -> tuple[Found, Found]:
    """The record and the mirror. Raises WorldFailed."""
    record = _path(names.PLATFORM_NAMESPACE, hold.record_name(campaign))
    mirror = _path(names.namespace(campaign), hold.MIRROR)
    return found(cluster.find(record)), found(cluster.find(mirror))


def person(cluster: Cluster) -> str:
    """Who runs the command, as the API server names them. Raises WorldFailed."""
    return cluster.kubectl("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}").strip()


def decide(
    cluster: Cluster, campaign: str, before: tuple[Found, Found], level: hold.Level, throttle: str, reason: str
) -> hold.Record:
    """Writes the record of a new decision. Raises WorldFailed; Refused when somebody else decided meanwhile."""
    now, by = datetime.now(UTC).replace(microsecond=0), person(cluster)
    known = [one.record for one in before if one.record]
    unreadable = [one.made for one in before if one.made and not one.record]
    record = hold.Record(
        level=level,
        sequence=hold.next_sequence((one.sequence for one in known), now),
        reason=reason,
        by=by,
        since=now,
        throttle=throttle,
        stood=hold.stood_until(known, unreadable, now),
    )
    try:
        cluster.write(hold.record_manifest(campaign, record.text()), MANAGER, before[0].version)
    except ChangedMeanwhile:
        raise Refused(
            f"Somebody else changed the hold on {campaign} at the same moment: {read(cluster, campaign)[0].told}",
            "Nothing of yours was written. Run the command again if it should still hold.",
        ) from None
    return record


def mirrored(cluster: Cluster, campaign: str, record: hold.Record) -> bool:
    """Puts the record where the sender reads it; False when the campaign has no namespace, and so no sender.

    A mirror that is newer meanwhile is left. Raises WorldFailed.
    """
    return _again(lambda: _mirror(cluster, campaign, record))


def _mirror(cluster: Cluster, campaign: str, record: hold.Record) -> bool:
    there = found(cluster.find(_path(names.namespace(campaign), hold.MIRROR)))
    if there.record and there.record.sequence >= record.sequence:
        return True
    try:
        cluster.write(hold.mirror_manifest(campaign, record.text()), MANAGER, there.version)
    except Absent:
        return False
    return True


def _again(write: Callable[[], bool]) -> bool:
    for _ in range(ATTEMPTS - 1):
        try:
            return write()
        except ChangedMeanwhile:
            continue
    return write()


def _path(namespace: str, name: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps/{name}"
