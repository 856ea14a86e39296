"""Lanes, leases and identities: what is close to a refusal and passes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.policies.harness import Declared, campaign_stack, environment_stack, rule, violations
from tests.policies.identity_mutants import claim, label, pod, volume
from tests.policies.lane_mutants import add, both, created, props, tag
from tests.policies.spool_mutants import of_workload, persistent_sender, spec, template

Stack = dict[str, Declared]
Change = Callable[[Stack], object]
RECORD, EXTRA_TAINT = "aws:route53/record:Record", {"key": "mail", "value": "only", "effect": "NO_SCHEDULE"}


def appended(place: Callable[[Stack], Any], value: Any) -> Change:
    return lambda stack: place(stack).append(value)


def spare_address(stack: Stack) -> None:
    """An address of the lane for another use, which nothing sends from."""
    found = stack["cobalt-address"]
    spare = Declared(found.type, "cobalt-inbound", found.props, stack="prod", protect=True)
    stack["spare"] = spare


def without_retention(stack: Stack) -> None:
    del spec(stack)["persistentVolumeClaimRetentionPolicy"]


PROD: list[tuple[str, str, Change]] = [
    ("lane-graph", "another name", add(RECORD, "www", type="A", name="www.mail.example.com", records=["203.0.113.9"])),
    ("lane-graph", "another type", add(RECORD, "txt", type="TXT", name="cobalt.mail.example.com", records=["v=spf1"])),
    ("lane-graph", "a spare address", spare_address),
    (
        "lane-graph",
        "one address everywhere",
        both(
            created("cobalt-address", publicIp="203.0.113.4", allocationId="eipalloc-1"),
            created("cobalt-nat", publicIp="203.0.113.4", allocationId="eipalloc-1"),
            created("cobalt-host", records=["203.0.113.4"]),
        ),
    ),
    ("lane-network", "EKS' own tag", tag("cobalt-subnet", "kubernetes.io/cluster/mail", "shared")),
    ("lane-network", "a zonal NAT", props("cobalt-nat", availabilityMode="zonal")),
    ("lane-network", "no IPv6, in words", props("cobalt-subnet", assignIpv6AddressOnCreation=False, enableDns64=False)),
    ("lane-network", "a taint more", appended(lambda s: s["cobalt-nodes"].props["taints"], EXTRA_TAINT)),
    ("lane-network", "a label more", lambda s: s["cobalt-nodes"].props["labels"].update(pool="mail")),
    ("lane-network", "no routes inside", props("cobalt-routes", routes=[], propagatingVgws=[])),
]
DEV: list[tuple[str, str, Change]] = [
    (
        "lane-graph",
        "a known address",
        both(
            created("amber-address", publicIp="203.0.113.4"),
            created("amber-host", records=["203.0.113.4"]),
            lambda s: s["amber-policy"].props["spec"]["egressGateway"].update(egressIP="203.0.113.4"),
        ),
    ),
    ("lane-graph", "no exclusion, in words", lambda s: s["amber-policy"].props["spec"].update(excludedCIDRs=[])),
    ("lane-leased-once", "a free lane", lambda s: s["platform-lease-table"].props["data"].update(cedar="")),
    (
        "lane-leased-once",
        "two selectors of one campaign",
        lambda s: s["amber-policy"].props["spec"]["selectors"].append(s["amber-policy"].props["spec"]["selectors"][0]),
    ),
]
CAMPAIGN: list[tuple[str, str, Change]] = [
    ("derived-identity", "a label more", label("deployment", "team", "mail")),
    (
        "derived-identity",
        "a variable more",
        appended(lambda s: pod(s)["spec"]["containers"][0]["env"], {"name": "TZ", "value": "UTC"}),
    ),
    (
        "derived-identity",
        "a claim of another class",
        lambda s: s["exported"].props["spec"].update(storageClassName="ssd"),
    ),
    ("sender-configured", "not optional, in words", volume(optional=False)),
    (
        "sender-configured",
        "mounted twice",
        appended(
            lambda s: pod(s)["spec"]["containers"][1]["volumeMounts"], {"name": "config", "mountPath": "/etc/config"}
        ),
    ),
]
PERSISTENT: list[tuple[str, str, Change]] = [
    ("spool-stated", "retained, as Kubernetes does by itself", without_retention),
    ("spool-stated", "numbered from 0, in words", of_workload(ordinals={"start": 0})),
    ("derived-identity", "a volume of another class", lambda s: template(s)["spec"].update(storageClassName="ssd")),
    ("no-host-volumes", "a volume of the default class", lambda s: template(s)["spec"].pop("storageClassName")),
]
CASES: list[tuple[Callable[[], Stack], str, str, Change]] = [
    *[(partial(environment_stack, "prod"), *case) for case in PROD],
    *[(environment_stack, *case) for case in DEV],
    *[(campaign_stack, *case) for case in CAMPAIGN],
    *[(persistent_sender, *case) for case in PERSISTENT],
]


@pytest.mark.parametrize(
    ("build", "name", "title", "change"), CASES, ids=[f"{name}-{title}" for _, name, title, _ in CASES]
)
def test_a_near_miss_passes(build: Callable[[], Stack], name: str, title: str, change: Change) -> None:
    stack = build()
    change(stack)
    assert violations(rule(name), list(stack.values())) == [], title


def test_a_claim_that_names_a_volume_is_none() -> None:
    """The near miss above is close: one field more is a refusal."""
    stack = campaign_stack()
    claim(storageClassName="ssd", volumeName="pv-1")(stack)
    assert any("volumeName" in message for message in violations(rule("derived-identity"), list(stack.values())))
