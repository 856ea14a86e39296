"""An environment's resources, found by what makes them part of a lane: type and label, name, and edge.

Each is looked up in an index: a look at all of them for each lane would make a thousand lanes slow.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from policies import kubernetes, lanes
from policies.plain import at
from policies.resource import Resource
from warmlane.environment import Environment

EGRESS_POLICY = "CiliumEgressGatewayPolicy"

Key = TypeVar("Key")


@dataclass(frozen=True)
class Graph:
    """The stack's resources, the lanes that are committed, and whom messages about what is missing are about."""

    resources: list[Resource]
    environment: Environment
    anchor: Resource

    @cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        return _grouped((resource.type, resource) for resource in self.resources)

    @cached_property
    def _by_lane(self) -> dict[tuple[str, str], list[Resource]]:
        return _grouped(((resource.type, lanes.lane(resource)), resource) for resource in self.resources)

    @cached_property
    def _by_source(self) -> dict[tuple[str, str, str], list[Resource]]:
        return _grouped(
            ((resource.type, key, urn), resource)
            for resource in self.resources
            for key, urns in resource.property_dependencies.items()
            for urn in dict.fromkeys(urns)
        )

    @cached_property
    def _by_host(self) -> dict[tuple[str, str], list[Resource]]:
        found = [(record, "name") for record in self.of(lanes.RECORD) if lanes.is_a(record)]
        found += [(name, "domainName") for name in self.of(lanes.REVERSE_NAME)]
        named = [(at(resource.props, key), resource) for resource, key in found]
        return _grouped(((resource.type, host), resource) for host, resource in named if isinstance(host, str))

    @cached_property
    def _types(self) -> dict[str, str]:
        return {resource.urn: resource.type for resource in self.resources}

    @cached_property
    def policies(self) -> list[Resource]:
        """Cilium's egress policies."""
        return [resource for resource in self.resources if kubernetes.kind(resource) == EGRESS_POLICY]

    @cached_property
    def policies_by_lane(self) -> dict[str, list[Resource]]:
        """By lane, its egress policies."""
        return _grouped((lanes.lane(policy), policy) for policy in self.policies)

    @cached_property
    def leased(self) -> set[str]:
        """Lanes that somebody holds."""
        return {lease.lane for lease in self.environment.leases.values()}

    def of(self, type_: str) -> list[Resource]:
        return self._by_type.get(type_, [])

    def of_lane(self, type_: str, lane: str) -> list[Resource]:
        return self._by_lane.get((type_, lane), [])

    def of_host(self, type_: str, host: str) -> list[Resource]:
        """A records or reverse names of a host."""
        return self._by_host.get((type_, host), [])

    def pointing(self, type_: str, key: str, to: Resource) -> list[Resource]:
        """Resources of a type whose property is made from another resource."""
        return self._by_source.get((type_, key, to.urn), [])

    def is_part(self, resource: Resource, key: str, part: Resource) -> bool:
        """Whether a property is made from that one resource of its type, and from no other."""
        return [urn for urn in resource.sources(key) if self._types.get(urn) == part.type] == [part.urn]


def _grouped(pairs: Iterable[tuple[Key, Resource]]) -> dict[Key, list[Resource]]:
    """Resources by key, in their order."""
    found = dict[Key, list[Resource]]()
    for key, resource in pairs:
        found.setdefault(key, []).append(resource)
    return found
