"""What a policy allows beyond a list of permitted flows, for every address, port and label at once.

Policies only ever allow, so their union lies inside the list exactly when each of them does; a policy can be judged
alone, before it exists. What no policy isolates is open all the same: `default-deny-present` judges that.

An `ipBlock` is taken for every address in it, pods and nodes included: that reading allows more than the other, so what
lies inside the list under it does under both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policies.network import words
from policies.network.dimensions import ADDRESSES, DIRECTION, NAMESPACES, OWN, PEER, PODS, PORTS, PROTOCOL, label
from policies.network.sets import Box, Ranges, Values, beyond, empty, only
from policies.network.spec import Block, Direction, Pods, Policy, Port, Rule, Selector

PEER_PODS, PEER_ADDRESSES = "pods", "addresses"

Peer = Pods | Block | None
"""None stands for every peer."""


@dataclass(frozen=True)
class Excess:
    """A peer and a port of a rule that allow more than the list; `too_wide` says by what, `fix` how to narrow it,
    empty where nothing of it may stay."""

    rule: Rule
    peer: Peer
    port: Port | None
    too_wide: str
    fix: str


def flows(policies: Sequence[Policy]) -> list[Box]:
    """Everything that policies allow."""
    return [
        box
        for policy in policies
        for rule in policy.rules
        for peer, port in _pairs(rule)
        for box in _boxes(policy.pods, rule.direction, peer, port)
    ]


def excesses(policy: Policy, listed: Sequence[Box]) -> Iterator[Excess]:
    """Each part of a policy that is not inside the list."""
    for rule in policy.rules:
        for peer, port in _pairs(rule):
            for box in _boxes(policy.pods, rule.direction, peer, port):
                rest = beyond(box, listed)
                if rest:
                    yield Excess(rule, peer, port, *_explained(box, listed))
                    break


def _pairs(rule: Rule) -> Iterator[tuple[Peer, Port | None]]:
    for peer in rule.peers or (None,):
        for port in rule.ports or (None,):
            yield peer, port


def _boxes(own: Selector, direction: Direction, peer: Peer, port: Port | None) -> list[Box]:
    """The flows of one peer on one port; every peer is every pod and every address."""
    common: dict[str, Ranges | Values] = {DIRECTION: only(direction), **_labels(OWN, own)}
    if port is not None:
        common[PROTOCOL] = only(port.protocol)
        # The number behind a name is the pods' own choice, so a name may be any port.
        if port.numbers is not None:
            common[PORTS] = port.numbers
    made = list[Box]()
    if not isinstance(peer, Block):
        pods = _labels(NAMESPACES, peer.namespaces) | _labels(PODS, peer.pods) if peer else {}
        made.append({**common, PEER: only(PEER_PODS), **pods})
    if not isinstance(peer, Pods):
        positions = {ADDRESSES: peer.positions} if peer else {}
        made.append({**common, PEER: only(PEER_ADDRESSES), **positions})
    return [box for box in made if not empty(box)]


def _labels(dimension: str, selector: Selector) -> dict[str, Ranges | Values]:
    return {label(dimension, key): values for key, values in selector.conditions.items()}


def _explained(box: Box, listed: Sequence[Box]) -> tuple[str, str]:
    """What is too wide, and the fix: by the permitted flow that comes nearest, if there is one of the same sort."""
    same = [other for other in listed if all(box[key] & other[key] for key in (DIRECTION, PEER))]  # type: ignore[operator]
    if not same:
        return "the list has nothing of the sort", ""
    nearest = min(same, key=lambda other: len(_wider(box, other)))
    wide = _wider(box, nearest)
    return (
        ", ".join(words.too_wide(dimension, rest) for dimension, rest in wide.items()),
        ", ".join(words.fix(dimension, rest, nearest[dimension]) for dimension, rest in wide.items()),
    )


def _wider(box: Box, other: Box) -> dict[str, Ranges | Values]:
    """By dimension, what a box has beyond another there."""
    found = {}
    for dimension, limit in other.items():
        rest = box.get(dimension, limit.everything()) - limit  # type: ignore[operator]
        if rest:
            found[dimension] = rest
    return found
