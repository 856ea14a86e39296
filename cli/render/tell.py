"""Tells what was rendered: tables and sentences for people, facts for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cli.judged import after_creation
from cli.output import Output
from cli.render.judging import Rule
from cli.render.stack import Rendered
from warmlane import names

STACKS_SHOWN = 5
"""Campaign stacks that get rows of their own; of more than these the table shows the sum."""
NAMES_SHOWN = 4
MESSAGES_SHOWN = 30
PROVIDER = "pulumi:providers:"


def tables(output: Output, found: Sequence[Rendered], rules: Sequence[Rule]) -> None:
    """What would be made, by stack and type, and what each rule says."""
    output.table("What would be made", ("stack", "type", "count", "names"), resource_rows(found))
    output.table("What the policy pack says", ("policy", "severity", "verdict"), policy_rows(found, rules))


def resource_rows(found: Sequence[Rendered]) -> list[tuple[str, str, str, str]]:
    """Stack, type, count and names of what providers make."""
    environments = [one for one in found if one.project == names.ENVIRONMENT_PROJECT]
    campaigns = [one for one in found if one.project != names.ENVIRONMENT_PROJECT]
    groups = [(one.stack, [one]) for one in environments]
    if len(campaigns) > STACKS_SHOWN:
        groups.append((f"{len(campaigns)} campaign stacks", campaigns))
    else:
        groups += [(one.stack, [one]) for one in campaigns]
    rows = list[tuple[str, str, str, str]]()
    for title, stacks in groups:
        for type_, made in _by_type(stacks).items():
            rows.append((title, type_, str(len(made)), _some(made, NAMES_SHOWN)))
            title = ""
    return rows


def _by_type(stacks: Iterable[Rendered]) -> Mapping[str, list[str]]:
    found = dict[str, list[str]]()
    for stack in stacks:
        for type_, name, custom in stack.resources:
            if custom and not type_.startswith(PROVIDER):
                found.setdefault(type_, []).append(name)
    return found


def _some(texts: Sequence[str], most: int) -> str:
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


def policy_rows(found: Sequence[Rendered], rules: Sequence[Rule]) -> list[tuple[str, str, str]]:
    """Rule, severity and verdict over all stacks that could be judged."""
    judged = [one for one in found if not one.failure]
    later = after_creation({type_ for one in judged for type_, _, _ in one.resources})
    return [
        (rule.name, rule.severity.value if rule.severity else "", _verdict(rule.name, judged, rule.name in later))
        for rule in rules
    ]


def _verdict(rule: str, judged: Sequence[Rendered], later: bool) -> str:
    refused = [one.stack for one in judged if rule in one.judgement.refused]
    warned = [
        one.stack
        for one in judged
        if any(violation.policy == rule and not violation.blocks for violation in one.judgement.violations)
    ]
    passed = sum(rule in one.judgement.passed for one in judged)
    parts = [f"refuses {_some(refused, NAMES_SHOWN)}"] if refused else []
    parts += [f"warns of {_some(warned, NAMES_SHOWN)}"] if warned else []
    if passed:
        parts.append("passed" if passed == len(judged) else f"passed by {passed} of {len(judged)}")
    parts = parts or ["not judged"]
    return "; ".join([*parts, "again after up"] if later else parts)


def refusals(found: Sequence[Rendered]) -> list[str]:
    """One text for each stack that can't be deployed as it is, the first ones whole."""
    texts = list[str]()
    for one in found:
        if one.failure:
            texts.append(f"{one.stack}: {one.failure.strip()}")
        texts += [
            f"{one.stack}: {violation.policy}: {violation.message} [{violation.resource}]"
            for violation in one.judgement.violations
        ]
    more = len(texts) - MESSAGES_SHOWN
    return texts[:MESSAGES_SHOWN] + ([f"{more} more messages; --json tells all."] if more > 0 else [])


def warnings(found: Sequence[Rendered]) -> list[str]:
    """Each warning of the programs once, with the stacks that it came from."""
    by_text = dict[str, list[str]]()
    for one in found:
        for text in one.warnings:
            by_text.setdefault(text, []).append(one.stack)
    return [f"{_some(stacks, NAMES_SHOWN)}: {text}" for text, stacks in by_text.items()]


def facts(one: Rendered) -> dict[str, Any]:
    """A rendered stack as JSON, in the words of `preview` and `up` where they say the same."""
    return {
        "stack": one.stack,
        "project": one.project,
        "verb": "render",
        "result": one.code.name.lower(),
        "changes": {"create": len(one.resources)},
        "policies": {
            "passed": sorted(one.judgement.passed),
            "violations": [vars(violation) for violation in one.judgement.violations],
            "not_applicable": one.judgement.not_applicable,
            "judged_after_up": after_creation({type_ for type_, _, _ in one.resources}),
        },
        "diagnostics": [{"severity": "warning", "message": text} for text in one.warnings]
        + ([{"severity": "error", "message": one.failure}] if one.failure else []),
        "resources": [{"type": type_, "name": name, "custom": custom} for type_, name, custom in one.resources],
        "manifests": one.manifests,
    }


def seconds(found: Sequence[Rendered]) -> dict[str, float]:
    """Processor seconds by part, an environment's apart from its campaigns'."""
    total = dict[str, float]()
    for one in found:
        whose = "environment" if one.project == names.ENVIRONMENT_PROJECT else "campaign"
        for part, spent in one.seconds.items():
            total[f"{whose} {part}"] = total.get(f"{whose} {part}", 0.0) + spent
    return total
