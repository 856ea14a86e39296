"""Violations as SARIF 2.1.0 (OASIS), which code scanning shows beside the code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.events import Violation
from cli.report.sides import Side, Stack
from cli.stacks import campaign_stack, environment_stack
from policies.rule import Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION = "2.1.0"


def document(side: Side, rules: Sequence[Rule]) -> dict[str, Any]:
    """The log of one run: every rule, and a result for each violation, at the file of its stack."""
    results = [_result(stack, one) for stack in side.stacks.values() for one in stack.violations]
    driver = {"name": "warmlane", "rules": [_rule(rule) for rule in rules]}
    return {"$schema": SCHEMA, "version": VERSION, "runs": [{"tool": {"driver": driver}, "results": results}]}


def _rule(rule: Rule) -> Mapping[str, Any]:
    about = rule.about
    return {
        "id": about.name,
        "shortDescription": {"text": about.display_name},
        "fullDescription": {"text": about.description},
        "help": {"text": about.remediation},
    }


def _result(stack: Stack, violation: Violation) -> Mapping[str, Any]:
    return {
        "ruleId": violation.policy,
        "level": "error" if violation.blocks else "warning",
        "message": {"text": f"{stack.name}: {violation.message}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": file_of(stack)}, "region": {"startLine": 1}},
                "logicalLocations": [{"name": violation.resource or stack.name}],
            }
        ],
    }


def file_of(stack: Stack) -> str:
    """The stack's file, relative to the repository."""
    found = campaign_stack(stack.campaign, stack.environment) if stack.campaign else environment_stack(stack.name)
    return found.file
