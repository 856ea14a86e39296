"""The pack reads network policies as `nca` and a second model do. `make soak PART=differential`: 10,000 flows."""

from __future__ import annotations

import random
from typing import Any

import pytest

from policies.network.spec import Policy, read_policy
from tests.policies.network import differential, worlds
from tests.policies.network.differential import Compared

SEED = 1
CLUSTERS = 20


@pytest.fixture(scope="module")
def compared() -> list[Compared]:
    """Clusters beyond those of the soak, so that both together see more."""
    return [differential.compare(SEED, -1 - index) for index in range(CLUSTERS)]


@pytest.mark.timeout(900)
def test_every_verdict_is_the_same(compared: list[Compared]) -> None:
    assert differential.total(compared)["disagreements"] == []


def test_the_comparison_could_have_failed(compared: list[Compared]) -> None:
    found = differential.total(compared)
    flows = found["triples"] + found["with_nodes"]
    assert found["triples"] >= 500
    assert flows / 4 < found["allowed_by_address"] < flows * 3 / 4, "flows must be allowed about as often as not"
    assert found["readings_differ"] >= 5, "flows must lie where the two readings of ipBlock part"


def test_an_evaluator_that_overlooks_ports_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_ports(namespace: str, name: str, spec: dict[str, Any]) -> Policy:
        rules = {
            key: [{field: value for field, value in rule.items() if field != "ports"} for rule in spec[key]]
            for key in ("ingress", "egress")
            if key in spec
        }
        return read_policy(namespace, name, {**spec, **rules})

    monkeypatch.setattr(differential, "read_policy", without_ports)
    found = differential.total([differential.compare(SEED, index) for index in range(4)])
    assert not found["met"]
    assert {"nca says False", "model says False"} <= {line.split(", ")[-1] for line in found["disagreements"]}


def test_a_cluster_is_made_from_its_seed_alone() -> None:
    assert worlds.world(random.Random("1-7")) == worlds.world(random.Random("1-7"))
