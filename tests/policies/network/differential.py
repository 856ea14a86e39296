"""Random clusters, judged by the pack's evaluator, by `nca` and by a second model: all must agree on every flow."""

from __future__ import annotations

import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policies.network.spec import Policy, read_policy
from policies.network.verdict import Endpoint, Reading, allows
from policies.network.verdict import Flow as JudgedFlow
from policies.network.verdict import Pod as JudgedPod
from tests.policies.network import analyzer, model, worlds
from tests.policies.network.worlds import End, Flow, World

FLOWS = 25
"""Of one cluster, the flows that are compared with `nca`; each is a triple (policies, pods, flow)."""
NODE_FLOWS = 3
"""Flows to or from a node, of which `nca` knows nothing; both readings are compared with the model only."""


@dataclass(frozen=True)
class Compared:
    """What one cluster showed, as numbers, and a text for each disagreement."""

    triples: int
    with_nodes: int
    allowed_by_address: int
    allowed_outside_only: int
    readings_differ: int
    disagreements: list[str]


def compare(seed: int, index: int) -> Compared:
    """Makes cluster `index` of a seed, and compares the verdicts on its flows."""
    dice = random.Random(f"{seed}-{index}")
    cluster = worlds.world(dice)
    flows, node_flows = worlds.flows(dice, cluster, FLOWS), worlds.node_flows(dice, cluster, NODE_FLOWS)
    policies = [
        read_policy(item["metadata"]["namespace"], item["metadata"]["name"], item["spec"]) for item in cluster.policies
    ]
    with tempfile.TemporaryDirectory(prefix="warmlane-differential-") as directory:
        possible = analyzer.possible(cluster, Path(directory))
    disagreements, verdicts = list[str](), list[dict[Reading, bool]]()
    for flow in [*flows, *node_flows]:
        ours = {reading: judged(policies, cluster, flow, reading) for reading in Reading}
        verdicts.append(ours)
        expected = {
            ("model", reading): model.permitted(cluster, flow, blocks_match_the_cluster=reading is Reading.ANY_ADDRESS)
            for reading in Reading
        }
        if not flow.touches_node:
            expected["nca", Reading.OUTSIDE_ONLY] = any(entry.carries(flow) for entry in possible)
        disagreements += [
            f"cluster {index} of seed {seed}, {text(flow)}, ipBlock matches {reading}: the pack says "
            f"{ours[reading]}, {other} says {verdict}"
            for (other, reading), verdict in expected.items()
            if verdict != ours[reading]
        ]
    return Compared(
        triples=len(flows),
        with_nodes=len(node_flows),
        allowed_by_address=sum(ours[Reading.ANY_ADDRESS] for ours in verdicts),
        allowed_outside_only=sum(ours[Reading.OUTSIDE_ONLY] for ours in verdicts),
        readings_differ=sum(len(set(ours.values())) > 1 for ours in verdicts),
        disagreements=disagreements,
    )


def total(found: list[Compared]) -> dict[str, Any]:
    """The sums of all clusters, and whether there was no disagreement (`met`)."""
    counted = ("triples", "with_nodes", "allowed_by_address", "allowed_outside_only", "readings_differ")
    disagreements = [line for one in found for line in one.disagreements]
    return {
        "met": not disagreements,
        "clusters": len(found),
        **{name: sum(getattr(one, name) for one in found) for name in counted},
        "disagreements": disagreements,
    }


def judged(policies: list[Policy], cluster: World, flow: Flow, reading: Reading) -> bool:
    """The pack's verdict on a flow."""
    found = JudgedFlow(_endpoint(flow.source), _endpoint(flow.destination), flow.protocol, flow.port)
    return allows(policies, cluster.namespaces, found, reading)


def _endpoint(end: End) -> Endpoint:
    if end.pod is None:
        return Endpoint(end.address, node=end.node)
    ports = {(port["name"], port["protocol"]): port["containerPort"] for port in end.pod.ports}
    return Endpoint(end.address, JudgedPod(end.pod.namespace, end.pod.name, end.pod.labels, ports))


def text(flow: Flow) -> str:
    """A flow as a person reads it."""
    ends = [
        f"{end.pod.namespace}/{end.pod.name} {end.address}" if end.pod else str(end.address)
        for end in (flow.source, flow.destination)
    ]
    return f"{ends[0]} to {ends[1]} {flow.protocol} {flow.port}"
