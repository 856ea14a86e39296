"""The shape of a row: what the provider knows of a resource type."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.standins.aws.clients import Aws
from lab.standins.values import Values, has_unknown

SCHEMAS = "terraform-provider-aws 6 (the schema behind pulumi-aws 7)"
"""Where the rows' force-new, computed and defaulted properties come from: file and function follow in each row."""


@dataclass(frozen=True)
class Property:
    """One property of a type, by its name in Pulumi.

    `replaces`: a change makes a new resource (force-new). `computed`: AWS gives a value where the program doesn't.
    `output`: only AWS gives it. `unordered`: a set, so order is no change. `unread`: AWS never tells it, so the last
    known value stays.
    """

    required: bool = False
    replaces: bool = False
    computed: bool = False
    output: bool = False
    default: Any = None
    unordered: bool = False
    unread: bool = False
    normal: Callable[[Any], Any] | None = None

    def same(self, old: Any, new: Any) -> bool:
        """Whether two values mean the same to AWS."""
        return not has_unknown(new) and self._canonical(old) == self._canonical(new)

    def _canonical(self, value: Any) -> Any:
        if value in (None, "", [], {}):
            return None
        if self.unordered and isinstance(value, list):
            return sorted(json.dumps(item, sort_keys=True) for item in value)
        return self.normal(value) if self.normal else value


OUTPUT = Property(output=True, computed=True)
FIXED = Property(replaces=True)
FIXED_OR_GIVEN = Property(replaces=True, computed=True)
"""Force-new, and chosen by AWS when the program doesn't say."""


class Unfinished(Exception):
    """The resource exists, but isn't what was asked for: the engine keeps it in its state, with the reason."""

    def __init__(self, resource_id: str, reason: str) -> None:
        super().__init__(reason)
        self.resource_id = resource_id
        self.reason = reason


@dataclass(frozen=True)
class ResourceType:
    """A resource type.

    `create` gives the id; `read` gives every property that AWS tells, or None when there is no such resource, with the
    last known values at hand; `update` gets id, old and new values. Values with tags hold them merged with the
    provider's default tags, under `tagsAll`.
    """

    token: str
    source: str
    properties: Mapping[str, Property]
    create: Callable[[Aws, Values], str]
    read: Callable[[Aws, str, Values], Values | None]
    delete: Callable[[Aws, str, Values], None]
    update: Callable[[Aws, str, Values, Values], None] | None = None
    adopt: Callable[[Aws, str], tuple[str, Values]] | None = None
    """For types that are imported by another id than their own: that id to the own one and what else it tells."""
    tagged: bool = True
    regional: bool = True
    auto_named: str | None = None
    """The property that gets a name with a random end when the program gives none."""
    one_of: tuple[tuple[str, ...], ...] = ()
    """Groups of properties of which exactly one must be given."""
    gone: frozenset[str] = field(default_factory=frozenset)
    """Error codes that mean that there is no such resource (any more)."""

    @property
    def known(self) -> dict[str, Property]:
        """All properties, with those that every type has."""
        tags = {"tags": Property(), "tagsAll": OUTPUT} if self.tagged else {}
        # pulumi-aws has it on every Regional resource since version 7.
        region = {"region": FIXED_OR_GIVEN} if self.regional else {}
        return {**self.properties, **tags, **region}

    @property
    def inputs(self) -> dict[str, Property]:
        return {name: given for name, given in self.known.items() if not given.output}
