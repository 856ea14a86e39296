"""A resource of a test, and what rules are handed of it by the engine."""

from __future__ import annotations

import json
from typing import Any

from pulumi_policy import PolicyCustomTimeouts, PolicyResourceOptions
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from lab.standins.aws.changes import foreseen, with_all_tags
from lab.standins.aws.tables import TABLE

UNKNOWN = UNKNOWN_STRING_VALUE
REGION = "us-east-1"


class Declared:
    """A resource that a test declares; its `props` may be changed until rules look at them."""

    def __init__(
        self,
        type_: str,
        name: str,
        props: dict[str, Any],
        *,
        stack: str = "spring-sale.dev",
        parents: str = "",
        protect: bool = False,
        ignored: list[str] | None = None,
        parent: Declared | None = None,
        depends_on: list[Declared] | None = None,
        property_dependencies: dict[str, list[Declared]] | None = None,
    ) -> None:
        self.type, self.name, self.protect = type_, name, protect
        self.props = json.loads(json.dumps(props))
        self.urn = f"urn:pulumi:{stack}::warmlane::{parents}{type_}::{name}"
        self.parent = parent
        self.depends_on = depends_on or []
        self.property_dependencies = property_dependencies or {}
        self.ignored = ignored or []
        self.deletes_first: bool | None = None
        self.created: dict[str, Any] = {}
        """Outputs that the provider gave once it had made the resource."""

    def inputs(self) -> Any:
        """What resource rules are given: properties as the program declares them."""
        return proxied(self.props)

    def outputs(self) -> Any:
        """What stack rules are given: in a preview, whatever the provider fills in by itself is unknown."""
        row = TABLE.get(self.type)
        known = foreseen(row, with_all_tags(row, self.props, {}), None, REGION) if row else self.props
        return proxied({**known, **self.created})

    def options(self) -> PolicyResourceOptions:
        parent = self.parent.urn if self.parent else None
        return PolicyResourceOptions(
            self.protect, self.ignored, self.deletes_first, [], PolicyCustomTimeouts(0, 0, 0), [], parent
        )


def proxied(props: dict[str, Any]) -> Any:
    """Properties as the engine sends them: numbers are floats, and unknown values raise."""
    return unknown_checking_proxy(json.loads(json.dumps(props), parse_int=float))
