"""The algebra of flows is exact: what is left over holds each point of the one that no other holds, and no more."""

from __future__ import annotations

import itertools
import random
from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from policies.network import addresses
from policies.network.dimensions import ADDRESSES, DIRECTION, NAMESPACES, OWN, PEER, PODS, PORTS, PROTOCOL, label
from policies.network.excess import PEER_ADDRESSES, PEER_PODS, flows
from policies.network.sets import LAST, Box, Ranges, Values, beyond, ranges, without
from policies.network.spec import Direction, read_policy
from policies.network.verdict import Reading
from tests.policies.network import differential, worlds
from tests.policies.network.worlds import End, World

TOP = 8
NUMBERS = st.lists(st.tuples(st.integers(0, TOP), st.integers(0, 3)).map(lambda pair: (pair[0], sum(pair))), max_size=3)
VALUES = st.builds(Values, st.frozensets(st.sampled_from([None, "a", "b"])), st.booleans())
BOXES = st.fixed_dictionaries({}, optional={"x": NUMBERS.map(ranges), "y": NUMBERS.map(ranges), "label": VALUES})
POINTS = [
    {"x": x, "y": y, "label": value}
    for x, y, value in itertools.product(range(TOP + 4), range(TOP + 4), (None, "a", "b", "other"))
]


def holds(box: Box, point: dict[str, int | str | None]) -> bool:
    return all(point.get(dimension) in limit for dimension, limit in box.items())  # type: ignore[operator]


@given(NUMBERS, NUMBERS)
def test_ranges_are_sets_of_integers(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    def listed(pairs: list[tuple[int, int]]) -> set[int]:
        return {number for first, last in pairs for number in range(first, last + 1)}

    left, right = ranges(one), ranges(other)
    for found, expected in (
        (left & right, listed(one) & listed(other)),
        (left - right, listed(one) - listed(other)),
    ):
        assert {number for number in range(TOP + 4) if number in found} == expected
        assert bool(found) == bool(expected)
        assert all(last + 1 < start for (_, last), (start, _) in itertools.pairwise(found.parts)), "apart and merged"


@given(BOXES, st.lists(BOXES, max_size=4))
def test_what_is_left_over_is_exact(box: Box, others: list[Box]) -> None:
    rest = beyond(box, others)
    for point in POINTS:
        expected = holds(box, point) and not any(holds(other, point) for other in others)
        assert any(holds(piece, point) for piece in rest) == expected, point


@given(BOXES, BOXES)
def test_pieces_share_nothing(box: Box, other: Box) -> None:
    pieces = without(box, other)
    assert all(sum(holds(piece, point) for piece in pieces) <= 1 for point in POINTS)


@given(st.sampled_from(["0.0.0.0/0", "10.0.0.0/8", "::/0", "2001:db8::/32"]), st.data())
def test_a_block_is_its_network_without_its_exceptions(cidr: str, data: st.DataObject) -> None:
    network = ip_network(cidr)
    offsets = st.integers(0, network.num_addresses - 1)
    lengths = st.integers(network.prefixlen + 1, network.max_prefixlen)
    exceptions = [
        ip_network(f"{network[data.draw(offsets)]}/{data.draw(lengths)}", strict=False)
        for _ in range(data.draw(st.integers(0, 4)))
    ]
    found = addresses.block(network, exceptions)
    address = network[data.draw(offsets)]
    assert (addresses.position(address) in found) == (not any(address in entry for entry in exceptions))
    again = ranges(addresses.span(entry) for entry in addresses.networks(found))
    assert again == found, "the CIDRs that messages name are the block"


def test_both_families_stay_apart() -> None:
    everything = Ranges(((0, LAST),)) - ranges([addresses.span(ip_network("0.0.0.0/0"))])
    assert addresses.position(ip_address("8.8.8.8")) not in everything
    assert addresses.position(ip_address("2001:db8::1")) in everything
    assert "::/0" in addresses.text(everything)


@given(st.integers(0, 10**6))
def test_a_flow_that_policies_allow_is_in_what_the_algebra_says_they_allow(seed: int) -> None:
    """One namespace is closed but for its policies, so that what they allow alone decides."""
    dice = random.Random(seed)
    cluster = worlds.world(dice)
    where = next(iter(cluster.namespaces))
    closed = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    own = [item["spec"] for item in cluster.policies if item["metadata"]["namespace"] == where]
    policies = [read_policy(where, str(index), spec) for index, spec in enumerate([closed, *own])]
    named = "'port': '" in str(own)
    boxes = flows(policies)
    for flow in [*worlds.flows(dice, cluster, 20), *worlds.node_flows(dice, cluster, 5)]:
        inside = [end.pod is not None and end.pod.namespace == where for end in (flow.source, flow.destination)]
        if sum(inside) != 1:
            continue
        direction = Direction.EGRESS if inside[0] else Direction.INGRESS
        pod_end, other = (flow.source, flow.destination) if inside[0] else (flow.destination, flow.source)
        allowed = differential.judged(policies, cluster, flow, Reading.ANY_ADDRESS)
        points = [
            {DIRECTION: direction, PROTOCOL: flow.protocol, PORTS: flow.port, **own_labels(pod_end), **point}
            for point in peers(cluster, other)
        ]
        listed = any(holds(box, point) for box in boxes for point in points)
        # The number behind a port's name is not known to the algebra, so it takes any.
        assert listed if allowed else named or not listed, differential.text(flow)


def own_labels(end: End) -> dict[str, str]:
    assert end.pod is not None
    return {label(OWN, key): value for key, value in end.pod.labels.items()}


def peers(cluster: World, end: End) -> list[dict[str, int | str | None]]:
    """The other end as an address, and as a pod where it is one."""
    found: list[dict[str, int | str | None]] = [{PEER: PEER_ADDRESSES, ADDRESSES: addresses.position(end.address)}]
    if end.pod is not None:
        where = {label(NAMESPACES, key): value for key, value in cluster.namespaces[end.pod.namespace].items()}
        found.append({PEER: PEER_PODS, **where, **{label(PODS, key): value for key, value in end.pod.labels.items()}})
    return found
