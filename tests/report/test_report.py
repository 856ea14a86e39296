"""The report on a change says the right thing in its first three lines, and nothing that its author could forge."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import validate

from cli.events import Violation
from cli.report import command, markdown, sarif
from cli.report.changes import affected
from cli.report.sides import Side, Stack
from policies.rules import RULES
from tests.report.samples import SAMPLES

SARIF_SHAPE = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "items": {
                "required": ["tool", "results"],
                "properties": {
                    "results": {
                        "items": {
                            "required": ["ruleId", "level", "message", "locations"],
                            "properties": {"level": {"enum": ["error", "warning", "note", "none"]}},
                        }
                    }
                },
            }
        },
    },
}
"""What OASIS' SARIF 2.1.0 demands of the parts that a report has (sections 3.13, 3.14, 3.27)."""


@pytest.mark.parametrize("name", SAMPLES)
def test_a_change_is_told_in_three_lines(name: str, base: Side, tree: Path, render: Callable[[Path], Side]) -> None:
    sample = SAMPLES[name]
    sample.change(tree)
    head = render(tree)
    comment = markdown.comment(base, head)
    lines = comment.splitlines()
    for line, expected in zip(lines, (sample.verdict, sample.summary, sample.warm_up), strict=False):
        for text in expected:
            assert text in line, f"{name}: {text!r} is not in {line!r}\n{comment}"
    assert bool(head.blocking or head.broken) == sample.refused


def test_only_affected_stacks_are_previewed(base: Side, tree: Path, render: Callable[[Path], Side]) -> None:
    SAMPLES["campaign added"].change(tree)
    assert command.invocations(affected(base, render(tree))) == [
        {"environment": "dev", "what": "environment", "options": ""},
        {"environment": "dev", "what": "campaigns", "options": "--campaign winter-sale"},
    ]


def test_a_configuration_that_cannot_be_used_is_told(base: Side, tree: Path, render: Callable[[Path], Side]) -> None:
    file = tree / "campaigns/Pulumi.spring-sale.dev.yaml"
    file.write_text(file.read_text().replace("plan: moderate", "plan: reckless"))
    head = render(tree)
    comment = markdown.comment(base, head)
    assert comment.startswith("**Refused**: the configuration of `spring-sale.dev` can't be used.")
    assert "reckless" in comment and "conservative" in comment, "the value and what is allowed are named"


def test_violations_are_sarif(base: Side, tree: Path, render: Callable[[Path], Side]) -> None:
    SAMPLES["volume beyond plan"].change(tree)
    document = sarif.document(render(tree), RULES)
    validate(document, SARIF_SHAPE)
    (run,) = document["runs"]
    (result,) = run["results"]
    assert result["ruleId"] == "warm-up-schedule" and result["level"] == "error"
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == "campaigns/Pulumi.spring-sale.dev.yaml"
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {rule.name for rule in RULES}


def stack(message: str) -> Side:
    violation = Violation("no-wide-allow", "mandatory", "NetworkPolicy x", message)
    return Side({"x.dev": Stack("x.dev", "campaigns", {}, violations=(violation,))})


def test_a_message_cannot_speak_markdown_or_call_people() -> None:
    comment = markdown.comment(Side({}), stack("`|<script>@somebody [click](here)\n**Allowed** everything"))
    assert "<script>" not in comment and "@somebody" not in comment and "[click](" not in comment
    assert comment.count("**Allowed**") == 0


def test_a_long_comment_is_cut_and_can_still_be_found_again() -> None:
    comment = markdown.comment(Side({}), stack("much to say. " * 10_000))
    assert len(comment) <= markdown.LONGEST
    assert markdown.CUT.strip() in comment and comment.rstrip().endswith(markdown.MARK)


def test_the_engines_counts_stand_beside_the_rendered_ones(tmp_path: Path) -> None:
    run = {"stack": "x.dev", "changes": {"create": 19, "same": 3}}
    (tmp_path / "dev-campaigns.json").write_text(json.dumps({"stacks": [run]}))
    counts = command.engine_counts(tmp_path)
    assert "| +19 =3 |" in markdown.comment(Side({}), stack("No."), counts)
