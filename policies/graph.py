"""What a stack's dependency edges say."""

from __future__ import annotations

from collections.abc import Mapping

from policies.resource import Resource


def reach(resource: Resource, by_urn: Mapping[str, Resource]) -> set[str]:
    """URNs of everything that a resource depends on, directly or by way of others."""
    reached, ahead = set[str](), list(resource.dependencies)
    while ahead:
        urn = ahead.pop()
        if urn not in reached:
            reached.add(urn)
            ahead.extend(by_urn[urn].dependencies if urn in by_urn else ())
    return reached
