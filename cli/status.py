"""`warmlane status`: the campaigns of an environment, each with its lane and how its sender is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cli.cluster import Cluster
from cli.engine import Engine, StackState
from cli.hold.objects import Found, found
from cli.outcome import WorldFailed
from cli.stacks import Selection, campaign_stack, environment_stack
from warmlane import hold, labels, names
from warmlane.environment import Environment

COLUMNS = ("campaign", "lane", "address", "stage", "hold", "pods ready", "last update")
RECORDS = f"/api/v1/namespaces/{names.PLATFORM_NAMESPACE}/configmaps?labelSelector={labels.CAMPAIGN}"
MIRRORS = f"/api/v1/configmaps?fieldSelector=metadata.name={hold.MIRROR}"
WORKLOADS = [f"/apis/apps/v1/{kind}?labelSelector={labels.CAMPAIGN}" for kind in ("deployments", "statefulsets")]
NEVER = "never"
UNKNOWN = "?"


@dataclass(frozen=True)
class Row:
    """A campaign as it is. `address` is empty until its lane is deployed; `ready` and `wanted` count pods, None when
    the cluster did not answer. `hold` is the record's level, with a word where the mirror says something else."""

    campaign: str
    lane: str
    address: str
    stage: int | None
    hold: str
    ready: int | None
    wanted: int | None
    updated: str

    @property
    def cells(self) -> tuple[str, ...]:
        """For the table."""
        stage = "-" if self.stage is None else str(self.stage)
        pods = UNKNOWN if self.ready is None else f"{self.ready}/{self.wanted}"
        return self.campaign, self.lane or "none", self.address or "not deployed", stage, self.hold, pods, self.updated

    @property
    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def rows(
    campaigns: Iterable[str],
    environment: Environment,
    name: str,
    outputs: Mapping[str, Any],
    stacks: Mapping[str, StackState],
    pods: Mapping[str, tuple[int, int]] | None,
    holds: Mapping[str, str] | None,
) -> list[Row]:
    """One row for each campaign. `pods` is (ready, wanted) and `holds` the hold as it is shown, by campaign; None when
    the cluster did not answer."""
    lanes = outputs.get("lanes") or {}
    found = list[Row]()
    for campaign in campaigns:
        lease = environment.leases.get(campaign)
        lane = lease.lane if lease else ""
        stack = stacks.get(campaign_stack(campaign, name).name)
        ready, wanted = (None, None) if pods is None else pods.get(campaign, (0, 0))
        found.append(
            Row(
                campaign=campaign,
                lane=lane,
                address=str((lanes.get(lane) or {}).get("address", "")),
                stage=environment.lanes[lane].stage if lane in environment.lanes else None,
                hold=UNKNOWN if holds is None else holds.get(campaign, hold.Level.NONE),
                ready=ready,
                wanted=wanted,
                updated=stack.updated if stack and stack.updated else NEVER,
            )
        )
    return found


def pods_by_campaign(*workloads: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """(ready, wanted) by campaign, from the API server's lists of Deployments and StatefulSets."""
    return {
        item["metadata"]["labels"][labels.CAMPAIGN]: (
            int(item.get("status", {}).get("readyReplicas", 0)),
            int(item["spec"].get("replicas", 1)),
        )
        for found in workloads
        for item in found["items"]
    }


def holds_by_campaign(records: Mapping[str, Any], mirrors: Mapping[str, Any]) -> dict[str, str]:
    """By campaign, the level of its record, and what its sender reads where that is something else; from the API
    server's lists of ConfigMaps."""
    decided = {item["metadata"]["labels"][labels.CAMPAIGN]: found(item) for item in records["items"]}
    read = {
        item["metadata"]["namespace"].removeprefix(names.NAMESPACE_PREFIX): found(item) for item in mirrors["items"]
    }
    shown = dict[str, str]()
    for campaign in decided.keys() | read.keys():
        record, mirror = decided.get(campaign, Found()), read.get(campaign, Found())
        same = record.level == mirror.level and (record.record == mirror.record or record.level == hold.Level.NONE)
        shown[campaign] = record.level if same else f"{record.level} (mirror: {mirror.level})"
    return shown


def gathered(engine: Engine, environment: Environment, selection: Selection) -> tuple[list[Row], str]:
    """The rows, and why something is missing from them (empty when nothing is)."""
    own = environment_stack(selection.environment)
    outputs = engine.outputs(own) if own.name in engine.stacks(own) else {}
    stacks = engine.stacks(campaign_stack("", selection.environment))
    problem = ""
    try:
        cluster = Cluster(environment.cluster.context, engine.variables)
        pods = pods_by_campaign(*map(cluster.get, WORKLOADS))
        holds = holds_by_campaign(cluster.get(RECORDS), cluster.get(MIRRORS))
    except WorldFailed as failure:
        pods, holds, problem = None, None, f"{failure.what}\n{failure.advice}"
    return rows(selection.campaigns, environment, selection.environment, outputs, stacks, pods, holds), problem
