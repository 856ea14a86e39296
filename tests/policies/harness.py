"""Feeds rules as Pulumi's engine does: through the policy itself, with the real programs' resources behind proxies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_policy import PolicyResource, ResourceValidationArgs, StackValidationArgs

from policies.rule import ResourceRule, Rule
from policies.rules import RULES
from tests.policies.declared import UNKNOWN, Declared
from tests.policies.recording import IMAGE, recorded

__all__ = [
    "IMAGE",
    "UNKNOWN",
    "Declared",
    "Rule",
    "campaign_stack",
    "environment_stack",
    "kubernetes",
    "rule",
    "violations",
]


def rule(name: str) -> Rule:
    """The rule of that name."""
    return next(found for found in RULES if found.name == name)


def violations(judging: Rule, resources: list[Declared], config: Mapping[str, Any] | None = None) -> list[str]:
    """Messages of one rule for a stack of resources, with a config that the pack was given for it."""
    found: list[str] = []
    given = dict(config or {})

    def report(message: str, _urn: str | None = None) -> None:
        found.append(message)

    if isinstance(judging, ResourceRule):
        for item in resources:
            args = ResourceValidationArgs(item.type, item.inputs(), item.urn, item.name, item.options(), None, given)
            judging.validate(args, report)
        return found
    made = {
        item.urn: PolicyResource(item.type, item.outputs(), item.urn, item.name, item.options(), None, None, [], {})
        for item in resources
    }
    for item in resources:
        made[item.urn].parent = made.get(item.parent.urn) if item.parent else None
        made[item.urn].dependencies = [made[other.urn] for other in item.depends_on if other.urn in made]
        made[item.urn].property_dependencies = {
            key: [made[other.urn] for other in others if other.urn in made]
            for key, others in item.property_dependencies.items()
        }
    judging.validate(StackValidationArgs(list(made.values()), given), report)
    return found


def kubernetes(api: str, name: str, namespace: str, **rest: Any) -> Declared:
    """A Kubernetes object; `rest` may hold its fields, and `labels`."""
    kind = api.rsplit(":", 1)[1]
    metadata = {"name": name, "namespace": namespace, "labels": rest.pop("labels", {})}
    extra = {key: rest.pop(key) for key in ("stack", "depends_on", "property_dependencies") if key in rest}
    return Declared(f"kubernetes:{api}", f"{namespace}-{kind}-{name}", {"metadata": metadata, **rest}, **extra)


def campaign_stack(campaign: str = "spring-sale", environment: str = "dev") -> dict[str, Declared]:
    """By logical name less the campaign's id (`deployment`), what the campaign's program registers at first."""
    found = recorded("campaign", f"{campaign}.{environment}")
    return {key(item).removeprefix(f"{campaign}-"): item for item in found}


def environment_stack(environment: str = "dev") -> dict[str, Declared]:
    """By logical name (`amber-address`), what the environment's program registers at first."""
    return {key(item): item for item in recorded("environment", environment)}


def key(item: Declared) -> str:
    """The logical name; of a component, which may share its name with another, its type before it."""
    return f"{item.type}/{item.name}" if item.type.startswith("warmlane:") else item.name
