"""Ten campaigns send at once; the eleventh is added while they send."""

from __future__ import annotations

import json
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.soak.copies import Copy
from cli.cluster import Cluster
from cli.engine import variables_with
from lab import environment, lifecycle, receivers, settings
from warmlane import labels, names

CAMPAIGNS = 10
ELEVENTH = "load-11"
MESSAGES = 1_000
"""Through each campaign: enough that they are still sending when the eleventh is up, which the result says."""
ADDING = {"same", "create"}
UNCHANGED = {"same", "read"}
"""Operations of the engine; what is read is the environment's stack, by each campaign's."""
SECONDS_TO_BEGIN = 180
OBJECTS = "pods,deployments,services,networkpolicies,resourcequotas,limitranges,secrets,configmaps,serviceaccounts"
"""What of a campaign's namespace must stay as it is, the pods included: a replaced one would have been restarted."""


def run(seed: int) -> dict[str, Any]:
    """What each campaign's messages showed. The lab is made anew first and taken down last; nothing is random here."""
    lifecycle.down()
    lifecycle.up(print)
    try:
        # AWS' default is five elastic addresses in a Region; eleven lanes need eleven.
        lifecycle.set_aws_quotas({"addresses_per_region": CAMPAIGNS + 1})
        with tempfile.TemporaryDirectory(prefix="warmlane-soak-") as directory:
            return measure(Copy(Path(directory)))
    finally:
        lifecycle.down()


def measure(copy: Copy) -> dict[str, Any]:
    """Counts of the run, and whether they are as they should be (`met`)."""
    for number in range(3, CAMPAIGNS + 1):
        copy.add_campaign(f"load-{number:02}", f"lane-{number:02}")
    copy.warmlane("up", "--all")
    before = objects()
    began = time.time()
    with ThreadPoolExecutor(max_workers=1) as pool:
        # The demo reads which campaigns there are when it starts, so the eleventh is not among them.
        sending = pool.submit(copy.warmlane, "demo", "--messages", str(MESSAGES))
        _wait_until_all_send(sending, began)
        received_before = len(receivers.received(began))
        copy.add_campaign(ELEVENTH, "lane-11")
        shared = [step for step in copy.proposed() if step["op"] not in ADDING]
        # The environment owns the lane and the lease; then the campaign itself.
        added = [*copy.warmlane("up")["stacks"], *copy.warmlane("up", "--campaign", ELEVENTH)["stacks"]]
        received_meanwhile = len(receivers.received(began))
        demo = sending.result()
    rows = demo["campaigns"]
    changed = sorted(before ^ {one for one in objects() if one[1] != names.namespace(ELEVENTH)})
    others = {run["stack"]: run["changes"] for run in copy.warmlane("preview", "--all")["stacks"]}
    sources = {source for row in rows for source in row["sources"]}
    met = (
        len(rows) == len(sources) == CAMPAIGNS
        and all(row["received"] == row["counted"] == MESSAGES for row in rows)
        and all(row["sources"] == [row["address"]] for row in rows)
        and not any(_of_a_campaign(step) for step in shared)
        and sum(run["changed"] - run["changes"].get("create", 0) for run in added) == len(shared)
        and received_before < received_meanwhile < CAMPAIGNS * MESSAGES
        and not changed
        and all(set(changes) <= UNCHANGED for changes in others.values())
    )
    return {
        "met": met,
        "messages_each": MESSAGES,
        "campaigns": rows,
        "source_addresses": len(sources),
        "router_drops": demo["router_drops"],
        "received_before_the_eleventh": received_before,
        "received_when_it_was_up": received_meanwhile,
        "made_for_the_eleventh": {run["stack"]: run["changes"] for run in added},
        "changed_for_all": [step["urn"].rpartition("::")[2] for step in shared],
        "objects_of_the_others": len(before),
        "changed_of_the_others": changed,
        "changes_left": others,
    }


def objects() -> set[tuple[str, ...]]:
    """Kind, namespace, name, uid and generation (where there is one) of what lies in the campaigns' namespaces."""
    cluster = Cluster(settings.KUBE_CONTEXT, variables_with(environment.exports()))
    items = json.loads(cluster.kubectl("get", OBJECTS, "-A", "-o", "json", seconds=60))["items"]
    found = [(item["kind"], item["metadata"]) for item in items]
    return {
        (kind, meta["namespace"], meta["name"], meta["uid"], str(meta.get("generation", "")))
        for kind, meta in found
        if meta["namespace"].startswith(names.NAMESPACE_PREFIX)
    }


def _of_a_campaign(step: dict[str, Any]) -> bool:
    """Whether a step is about a campaign's or a lane's resource; the lease table and its alerts belong to all."""
    inputs = (step.get("newState") or step.get("oldState") or {}).get("inputs") or {}
    marks = {**(inputs.get("metadata") or {}).get("labels", {}), **inputs.get("tags", {})}
    in_the_cluster = ":kubernetes:" in step["urn"].replace("$", ":")
    return not in_the_cluster or bool({labels.CAMPAIGN, labels.LANE} & set(marks))


def _wait_until_all_send(sending: Future[dict[str, Any]], began: float) -> None:
    """Until a message of each campaign has arrived. Raises SystemExit when none does, or the demo's own failure."""
    deadline = time.monotonic() + SECONDS_TO_BEGIN
    while len({receipt.source for receipt in receivers.received(began)}) < CAMPAIGNS:
        if sending.done():
            sending.result()
            raise SystemExit("the demo ended before each campaign had sent a message")
        if time.monotonic() > deadline:
            raise SystemExit(f"not all of {CAMPAIGNS} campaigns sent a message within {SECONDS_TO_BEGIN} s")
        time.sleep(0.5)
