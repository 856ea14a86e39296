"""What a rule says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pulumi_policy import EnforcementLevel, PolicyComplianceFramework, PolicyConfigSchema, Severity

from policies.frameworks import ITEMS, Item
from policies.inputs import Input
from warmlane.base import Model

DOCUMENT = "docs/policies.md"
"""The generated page with a heading for each rule."""


class Looser(StrEnum):
    """Stands in the annotation of a rule's property, and says which values let more through.

    Of a property without it a report calls every change a weakening, as nobody says what it does.
    """

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True)
class About:
    """What is shown of a rule. `name` is kebab-case, and the rule's heading in `docs/policies.md`.

    `description` says what the rule demands, `why` what goes wrong without it.
    A rule without inputs judges types or options alone.
    """

    name: str
    display_name: str
    description: str
    remediation: str
    severity: Severity
    why: str
    inputs: tuple[Input, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        """What the rule answers of published guidance."""
        return ITEMS.get(self.name, ())

    @property
    def url(self) -> str:
        """Where the rule is explained, relative to the repository."""
        return f"{DOCUMENT}#{self.name}"

    def settings(self, config: type[Model] | None) -> dict[str, Any]:
        """Keyword arguments that both kinds of policy take. The one place where a rule's level is set.

        `config` is the shape of the properties beside the rule's name in `policies/config/<environment>.json`.
        """
        first = self.items[0] if self.items else None
        return {
            "name": self.name,
            "display_name": self.display_name,
            "description": self.description,
            "remediation_steps": self.remediation,
            "severity": self.severity,
            "enforcement_level": EnforcementLevel.MANDATORY,
            "url": self.url,
            # The SDK knows one framework for a rule, so all items stand in the tags as well.
            "framework": PolicyComplianceFramework(name=first.framework, reference=first.item) if first else None,
            "tags": [str(item) for item in self.items],
            "config_schema": _schema(config) if config else None,
        }


def _schema(config: type[Model]) -> PolicyConfigSchema:
    """The config's shape, with its defaults, by which the engine judges what it is given."""
    schema = config.model_json_schema()
    return PolicyConfigSchema(schema.get("properties", {}), schema.get("required", []))
