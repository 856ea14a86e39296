"""What rules judge only once resources exist, and the analysis of a stack's state that shows what they found."""

from __future__ import annotations

from collections.abc import Iterable

from policies.inputs import When
from policies.resource import Resource
from policies.rules import RULES


def after_creation(types: Iterable[str]) -> dict[str, list[str]]:
    """By rule, the inputs that only exist after creation, of a stack that has resources of these types."""
    bare = [Resource("urn:pulumi:::::::", type_, "", {}, False) for type_ in types]
    found = dict[str, list[str]]()
    for rule in RULES:
        for one in rule.about.inputs:
            if one.when is When.AFTER_CREATION and any(map(one.scope.contains, bare)):
                found.setdefault(rule.name, []).append(str(one))
    return found
