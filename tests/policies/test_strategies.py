"""What Warmlane makes under the ways out that no shipped environment has passes every rule, and so do near misses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from policies.rule import Rule
from policies.rules import RULES
from tests.policies.harness import Declared, rule, violations
from tests.policies.lane_mutants import both, created, props
from tests.policies.strategies import ADDRESSES, BUILDS, PRIVATE, external, interface, tolerating

Stack = dict[str, Declared]
Change = Callable[[Stack], object]
TTL = 60


@pytest.mark.parametrize("judging", RULES, ids=lambda judging: judging.name)
@pytest.mark.parametrize("build", BUILDS)
def test_what_warmlane_makes_passes(build: str, judging: Rule) -> None:
    stack = BUILDS[build]()
    assert len(stack) > 10, "the program must have made its resources"
    assert violations(judging, list(stack.values())) == []


NEAR_MISSES: list[tuple[Callable[[], Stack], str, str, Change]] = [
    (external, "lane-graph", "the address, once it is made", created("amber-host", records=[ADDRESSES["amber"]])),
    (external, "lane-graph", "a short life", props("amber-host", ttl=TTL)),
    (
        interface,
        "lane-graph",
        "as it is made",
        both(
            created("amber-association", privateIpAddress=PRIVATE["amber"]),
            created("amber-address", publicIp="203.0.113.4"),
            created("amber-host", records=["203.0.113.4"]),
        ),
    ),
    (interface, "lane-network", "no machine, in words", props("amber-association", instanceId="")),
    (
        BUILDS["spring-sale, external"],
        "sender-pinned-to-lane",
        "its own taint twice",
        tolerating(key="warmlane.dev/lane", operator="Equal", value="amber", effect="NoExecute"),
    ),
]


@pytest.mark.parametrize(
    ("build", "name", "change"),
    [(build, name, change) for build, name, _, change in NEAR_MISSES],
    ids=[f"{name}-{title}" for _, name, title, _ in NEAR_MISSES],
)
def test_a_near_miss_passes(build: Callable[[], Stack], name: str, change: Change) -> None:
    stack = build()
    change(stack)
    assert violations(rule(name), list(stack.values())) == []
