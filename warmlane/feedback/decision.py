"""A decision as it is kept: what was decided, by which rule, from which figures against which bounds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from warmlane.feedback.rules import Figure


@dataclass(frozen=True, slots=True)
class Decision:
    """One change, or one refusal to change, of `subject`: a campaign, or a lane at a provider."""

    subject: str
    at: float
    """Seconds since 1970 UTC."""
    rule: str
    before: str
    after: str
    inputs: Mapping[str, Figure] = field(default_factory=dict)
    bounds: Mapping[str, Figure] = field(default_factory=dict)
    page: bool = False
    """Whether a person is to be woken."""

    def to_json(self) -> dict[str, Any]:
        """The record as plain JSON values."""
        return {name: getattr(self, name) for name in self.__slots__} | {
            "inputs": dict(self.inputs),
            "bounds": dict(self.bounds),
        }

    @property
    def told(self) -> str:
        """One line for people, printable: `spring-sale: none -> throttled by hard-bounces (events 12, …)`."""
        figures = ", ".join(f"{name} {value}" for name, value in self.inputs.items())
        return f"{self.subject}: {self.before} -> {self.after} by {self.rule}" + (f" ({figures})" if figures else "")

    def text(self) -> str:
        """The record as one line of JSON, the same text for the same decision."""
        return json.dumps(self.to_json(), sort_keys=True)
