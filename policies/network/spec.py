"""Reads the spec of a NetworkPolicy by the API server's rules: defaults, selectors, blocks and ports.

What the API server would refuse, or would read in a way that the text does not show, is `Unreadable`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from policies.network import addresses
from policies.network.sets import Ranges, Values, only, ranges
from warmlane.isolation import NAMESPACE_LABEL

PROTOCOLS = ("TCP", "UDP", "SCTP")
LAST_PORT = 65535


class Unreadable(ValueError):
    """A spec with no clear meaning; the text names the field and what to write."""


class Direction(StrEnum):
    """A direction as `policyTypes` names it."""

    INGRESS = "Ingress"
    EGRESS = "Egress"

    @property
    def peers_key(self) -> str:
        """The field that holds a rule's peers."""
        return "from" if self is Direction.INGRESS else "to"


@dataclass(frozen=True)
class Selector:
    """By label, the values that are selected; labels that are not named may be anything. All must match."""

    conditions: Mapping[str, Values] = field(default_factory=dict)

    def selects(self, labels: Mapping[str, str]) -> bool:
        return all(labels.get(key) in values for key, values in self.conditions.items())


@dataclass(frozen=True)
class Pods:
    """Peers by labels of their namespace and their own."""

    namespaces: Selector
    pods: Selector


@dataclass(frozen=True)
class Block:
    """Peers by address."""

    network: addresses.Network
    exceptions: tuple[addresses.Network, ...]
    positions: Ranges


@dataclass(frozen=True)
class Port:
    """Ports of one protocol: numbers, or the name of a container's port. Without either all of them."""

    protocol: str
    numbers: Ranges | None = None
    name: str = ""


@dataclass(frozen=True)
class Rule:
    """One entry of `ingress` or `egress`: every peer on every port. No peers, or no ports, means all of them."""

    path: str
    direction: Direction
    peers: tuple[Pods | Block, ...]
    ports: tuple[Port, ...]


@dataclass(frozen=True)
class Policy:
    """A NetworkPolicy: the pods of its namespace that it isolates, in which directions, and what it allows them."""

    namespace: str
    name: str
    pods: Selector
    isolates: frozenset[Direction]
    rules: tuple[Rule, ...]


def read_policy(namespace: str, name: str, spec: Any) -> Policy:
    """A policy's meaning. Raises Unreadable."""
    fields = _fields(spec, "spec", "podSelector", "policyTypes", "ingress", "egress")
    isolates = _policy_types(fields)
    rules = list[Rule]()
    for direction in Direction:
        key = direction.value.lower()
        entries = _list(fields.get(key), f"spec.{key}")
        if entries and direction not in isolates:
            raise Unreadable(
                f"spec.{key} has rules and spec.policyTypes does not name {direction}, so they do nothing. Name it or "
                "remove them"
            )
        rules += [_rule(namespace, direction, entry, f"spec.{key}[{index}]") for index, entry in enumerate(entries)]
    # A selector that is left out is an empty one: the field is no pointer, so every pod of the namespace is meant.
    pods = _selector(fields.get("podSelector") or {}, "spec.podSelector")
    return Policy(namespace, name, pods, isolates, tuple(rules))


def _policy_types(spec: Mapping[str, Any]) -> frozenset[Direction]:
    """Without `policyTypes` a policy is one of ingress, and of egress as well where it has egress rules."""
    named = _list(spec.get("policyTypes"), "spec.policyTypes")
    if not named:
        return frozenset([Direction.INGRESS, *([Direction.EGRESS] if spec.get("egress") else [])])
    if not all(entry in ("Ingress", "Egress") for entry in named):
        raise Unreadable("spec.policyTypes has an entry that is neither Ingress nor Egress")
    return frozenset(map(Direction, named))


def _rule(namespace: str, direction: Direction, entry: Any, path: str) -> Rule:
    fields = _fields(entry, path, direction.peers_key, "ports")
    peers = _list(fields.get(direction.peers_key), f"{path}.{direction.peers_key}")
    ports = _list(fields.get("ports"), f"{path}.ports")
    return Rule(
        path,
        direction,
        tuple(_peer(namespace, peer, f"{path}.{direction.peers_key}[{index}]") for index, peer in enumerate(peers)),
        tuple(_port(port, f"{path}.ports[{index}]") for index, port in enumerate(ports)),
    )


def _peer(namespace: str, peer: Any, path: str) -> Pods | Block:
    fields = _fields(peer, path, "podSelector", "namespaceSelector", "ipBlock")
    if not fields or ("ipBlock" in fields and len(fields) > 1):
        raise Unreadable(f"{path} must have either ipBlock, or podSelector and namespaceSelector or one of them")
    if "ipBlock" in fields:
        return _block(fields["ipBlock"], f"{path}.ipBlock")
    own = Selector({NAMESPACE_LABEL: only(namespace)})
    where = fields.get("namespaceSelector")
    return Pods(
        own if where is None else _selector(where, f"{path}.namespaceSelector"),
        _selector(fields.get("podSelector") or {}, f"{path}.podSelector"),
    )


def _block(block: Any, path: str) -> Block:
    fields = _fields(block, path, "cidr", "except")
    network = _network(fields.get("cidr"), f"{path}.cidr")
    exceptions = list[addresses.Network]()
    for index, entry in enumerate(_list(fields.get("except"), f"{path}.except")):
        exception = _network(entry, f"{path}.except[{index}]")
        (first, last), (start, end) = addresses.span(network), addresses.span(exception)
        if not (first <= start and end <= last) or exception == network:
            raise Unreadable(f"{path}.except[{index}] {entry} is not a part of {network}. Remove it")
        exceptions.append(exception)
    return Block(network, tuple(exceptions), addresses.block(network, exceptions))


def _network(value: Any, path: str) -> addresses.Network:
    try:
        return addresses.read_network(value)
    except ValueError as error:
        raise Unreadable(f"{path} {value} {error}") from error


def _port(port: Any, path: str) -> Port:
    fields = _fields(port, path, "port", "endPort", "protocol")
    protocol, first, last = fields.get("protocol", "TCP"), fields.get("port"), fields.get("endPort")
    if protocol not in PROTOCOLS:
        raise Unreadable(f"{path}.protocol {protocol} is none of {', '.join(PROTOCOLS)}")
    if first is None and last is None:
        return Port(protocol)
    if isinstance(first, str) and last is None and any(letter.isalpha() for letter in first):
        return Port(protocol, name=first)
    last = first if last is None else last
    if type(first) is not int or type(last) is not int or not 1 <= first <= last <= LAST_PORT:
        raise Unreadable(f"{path} must have a port from 1 to {LAST_PORT}, and endPort no lower than port")
    return Port(protocol, ranges([(first, last)]))


def _selector(selector: Any, path: str) -> Selector:
    fields = _fields(selector, path, "matchLabels", "matchExpressions")
    conditions = dict[str, Values]()

    def add(key: Any, values: Values) -> None:
        conditions[key] = conditions[key] & values if key in conditions else values

    labels = fields.get("matchLabels", {})
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise Unreadable(f"{path}.matchLabels must be strings by label")
    for key, value in labels.items():
        add(key, only(value))
    for index, expression in enumerate(_list(fields.get("matchExpressions"), f"{path}.matchExpressions")):
        add(*_expression(expression, f"{path}.matchExpressions[{index}]"))
    return Selector(conditions)


def _expression(expression: Any, path: str) -> tuple[str, Values]:
    fields = _fields(expression, path, "key", "operator", "values")
    key, operator, values = fields.get("key"), fields.get("operator"), _list(fields.get("values"), f"{path}.values")
    listed = operator in ("In", "NotIn")
    sound = all(isinstance(value, str) for value in values) and bool(values) == listed
    if not isinstance(key, str) or not sound or not (listed or operator in ("Exists", "DoesNotExist")):
        raise Unreadable(f"{path} must be a key with In or NotIn and values, or with Exists or DoesNotExist and none")
    # `NotIn` selects what lacks the label as well.
    found = frozenset[str | None](values) if listed else frozenset[str | None]([None])
    return key, Values(found, operator in ("NotIn", "Exists"))


def _fields(value: Any, path: str, *known: str) -> dict[str, Any]:
    """The fields of an object that are set; null is as good as missing."""
    if not isinstance(value, dict):
        raise Unreadable(f"{path} must be an object")
    unknown = sorted(set(value) - set(known))
    if unknown:
        raise Unreadable(f"{path}.{unknown[0]} is no field of a NetworkPolicy. Remove it; there are {', '.join(known)}")
    return {key: entry for key, entry in value.items() if entry is not None}


def _list(value: Any, path: str) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise Unreadable(f"{path} must be a list")
    return value or []
