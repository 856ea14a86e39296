"""What lies between two sides of a change."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cli.report.sides import Side, Stack


class Kind(StrEnum):
    """What happens to a stack."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True)
class StackChange:
    """What happens to a stack. Resources are named by their manifests; `fields` are what changes of each, as paths."""

    name: str
    kind: Kind
    before: Stack | None
    after: Stack | None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def stack(self) -> Stack:
        """The stack as it will be, or as it was where it goes."""
        found = self.after or self.before
        assert found is not None, "a change has at least one side"
        return found

    @property
    def resources(self) -> dict[str, int]:
        """Number of resources by operation, in the engine's words."""
        return {"create": len(self.added), "update": len(self.fields), "delete": len(self.removed)}


def compared(base: Side, head: Side) -> list[StackChange]:
    """Every stack of either side, sorted by name: environments first."""
    stacks = sorted({*base.stacks, *head.stacks}, key=lambda name: ("." in name, name))
    return [_stack_change(name, base.stacks.get(name), head.stacks.get(name)) for name in stacks]


def affected(base: Side, head: Side) -> list[StackChange]:
    """The stacks to which something happens; one that cannot be rendered counts as changed."""
    return [one for one in compared(base, head) if one.kind is not Kind.SAME]


def _stack_change(name: str, before: Stack | None, after: Stack | None) -> StackChange:
    was: Mapping[str, Any] = before.resources if before else {}
    will: Mapping[str, Any] = after.resources if after else {}
    if before is None or after is None:
        kind = Kind.ADDED if before is None else Kind.REMOVED
        return StackChange(name, kind, before, after, tuple(sorted(will)), tuple(sorted(was)))
    if after.error or before.error:
        # What cannot be rendered has no resources to compare.
        kind = Kind.SAME if after.error == before.error else Kind.CHANGED
        return StackChange(name, kind, before, after)
    fields = {
        one: tuple(_differences(was[one], will[one])) for one in sorted({*was} & {*will}) if was[one] != will[one]
    }
    added, removed = tuple(sorted({*will} - {*was})), tuple(sorted({*was} - {*will}))
    kind = Kind.CHANGED if fields or added or removed else Kind.SAME
    return StackChange(name, kind, before, after, added, removed, fields)


def _differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Dotted paths of what differs, as deep as both sides have the same shape; JSON in a text is looked into."""
    before, after = _parsed(before), _parsed(after)
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            if before.get(key) != after.get(key):
                yield from _differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (was, will) in enumerate(zip(before, after, strict=True)):
            if was != will:
                yield from _differences(was, will, f"{path}[{index}]")
    else:
        yield path


def _parsed(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(("{", "[")):
        with suppress(ValueError):
            return json.loads(value)
    return value


def renamed(changes: list[StackChange]) -> dict[str, str]:
    """By old name, new name: a removed and an added campaign of one environment that hold the same lane."""
    added = {_holding(one): one.name for one in changes if one.kind is Kind.ADDED and _holding(one)}
    return {one.name: added[_holding(one)] for one in changes if one.kind is Kind.REMOVED and _holding(one) in added}


def _holding(change: StackChange) -> tuple[str, str] | None:
    warm_up = change.stack.warm_up
    return (change.stack.environment, warm_up.lane) if warm_up else None
