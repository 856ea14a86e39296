"""What each rule is, for people: the facts behind `warmlane policy explain`, and `docs/policies.md`.

`python -m policies.document` writes the page; a test holds it to the rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from policies.about import DOCUMENT
from policies.committed import REPOSITORY
from policies.inputs import When
from policies.rule import Rule, StackRule
from policies.rules import RULES

HEAD = """# Policies

Generated from `policies/rules/` by `python -m policies.document`; do not edit.

Pulumi asks each rule before it makes anything. Every rule is mandatory; an environment other than `prod` may lower one
in `policies/config/<environment>.json`, and only there. "Decided from" names what must be known in preview: where it is
not, the rule refuses instead of guessing. What exists after creation only is judged by the dependency graph in preview,
and by its value after `up`.

Of a resource's options the engine tells a pack `protect`, `ignore_changes`, `delete_before_replace`, aliases, timeouts,
secret outputs and the parent. What `ignore_changes` keeps it shows as deployed, so rules judge what stays. It does not
tell `retain_on_delete`, `replace_on_changes`, `deleted_with` and hooks: no rule can judge those, so who reviews a
change of `components/` looks for them. A pack judges what the program registers, and not what is about to go.
"""


def facts(rule: Rule) -> dict[str, Any]:
    """Everything that is to say of a rule, as JSON."""
    about = rule.about
    return {
        "rule": about.name,
        "display_name": about.display_name,
        "severity": about.severity.value,
        "sees": "the whole stack" if isinstance(rule, StackRule) else "each resource by itself",
        "what": about.description,
        "why": about.why,
        "remediation": about.remediation,
        "decided_from": _inputs(rule, When.PLAN),
        "judged_after_up": _inputs(rule, When.AFTER_CREATION),
        "config": config(rule),
        "answers": [str(item) for item in about.items],
        "url": about.url,
    }


def _inputs(rule: Rule, when: When) -> list[str]:
    """Inputs as `Deployment, StatefulSet: metadata.name, metadata.labels`, one text for each scope."""
    found = dict[str, list[str]]()
    for one in rule.about.inputs:
        if one.when is when:
            scope, path = str(one).split(": ", 1)
            found.setdefault(scope, []).append(path)
    return [f"{scope}: {', '.join(paths)}" for scope, paths in found.items()]


def config(rule: Rule) -> dict[str, str]:
    """By property that the rule can be given, what it means."""
    schema = rule.config.model_json_schema() if rule.config else {}
    return {
        key: f"{shape.get('description', '')} Default: {shape['default']}."
        if "default" in shape
        else str(shape.get("description", ""))
        for key, shape in schema.get("properties", {}).items()
    }


def sections(told: dict[str, Any]) -> list[tuple[str, str | Sequence[str]]]:
    """Heading and text, or items, of what is shown of a rule; empty parts are left out."""
    given = [f"{key}: {meaning}" for key, meaning in told["config"].items()]
    everything: list[tuple[str, str | Sequence[str]]] = [
        ("Why", told["why"]),
        ("What to do", told["remediation"]),
        ("Decided from", told["decided_from"]),
        ("Judged after up", told["judged_after_up"]),
        ("Config", given),
        ("Answers", told["answers"]),
    ]
    return [(heading, body) for heading, body in everything if body]


def page() -> str:
    """`docs/policies.md`."""
    parts = [HEAD]
    for told in map(facts, RULES):
        lines = [f"## {told['rule']}", "", f"{told['what']} Severity {told['severity']}; sees {told['sees']}.", ""]
        for heading, body in sections(told):
            if isinstance(body, str):
                lines += [f"**{heading}.** {body}", ""]
            else:
                lines += [f"**{heading}:**", "", *(f"- {_code(item)}" for item in body), ""]
        parts.append("\n".join(lines))
    return "\n".join(parts).rstrip() + "\n"


def _code(item: str) -> str:
    """An item with its second half as code, since paths hold signs that Markdown reads."""
    scope, colon, rest = item.partition(": ")
    return f"{scope}: `{rest}`" if colon and "[" in rest else item


if __name__ == "__main__":
    (REPOSITORY / DOCUMENT).write_text(page())
