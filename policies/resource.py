"""A resource as rules see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from policies.plain import unknown_paths


@dataclass(frozen=True)
class Resource:
    """A resource in plain values, with URNs in place of other resources.

    A resource rule is given `props` as the program declares them; a stack rule as the provider foresees them, in which
    whatever the provider fills in by itself is unknown before it exists. `dependencies` and `property_dependencies`
    are filled for stack rules only; the engine gives them to no other. `parent` is empty for what has none.
    """

    urn: str
    type: str
    name: str
    props: dict[str, Any]
    protect: bool
    parent: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    """Paths whose deployed values the engine keeps, and shows in `props`, whatever the program says."""
    deletes_first: bool = False
    """Whether the program has it deleted before its replacement exists."""

    @property
    def stack(self) -> str:
        """The stack's name, the third part of a URN."""
        return self.urn.split("::")[0].rsplit(":", 1)[1]

    @cached_property
    def all_known(self) -> bool:
        """Whether no property is unknown."""
        return next(unknown_paths(self.props), None) is None

    @property
    def type_chain(self) -> list[str]:
        """Types from the outermost component to the resource itself."""
        return self.urn.split("::")[2].split("$")

    def sources(self, key: str) -> tuple[str, ...]:
        """URNs of the resources that the value of a top-level property is made from."""
        return self.property_dependencies.get(key, ())
