"""`warmlane policy` tells everything of each rule, and knows which rule was meant."""

from __future__ import annotations

import json

import pytest

from cli import main
from policies.about import DOCUMENT
from policies.committed import REPOSITORY
from policies.document import page
from policies.rule import Rule
from policies.rules import RULES


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main.main(["policy", *words]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.name))
def test_a_rule_is_explained(rule: Rule, capsys: pytest.CaptureFixture[str]) -> None:
    text, about = said(capsys, "explain", rule.name), rule.about
    for part in (about.display_name, about.description, about.remediation, f"docs/policies.md#{rule.name}"):
        assert part in text
    document = json.loads(said(capsys, "explain", rule.name, "--json"))
    assert (document["rule"], document["why"]) == (rule.name, about.why)
    assert (document["exit_code"], document["severity"]) == (0, about.severity.value)


def test_inputs_are_told_by_when_they_are_known(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "explain", "lane-graph")
    planned, _, later = text.partition("Judged after up:")
    assert "Record: name, type" in planned.split("Decided from:")[1]
    assert "NatGateway: allocationId, publicIp" in later


def test_all_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "list")
    assert all(rule.name in text for rule in RULES)
    assert [one["rule"] for one in json.loads(said(capsys, "list", "--json"))["rules"]] == [rule.name for rule in RULES]


def test_a_name_that_no_rule_has_names_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["policy", "explain", "no-wide-alow"]) == 2
    error = capsys.readouterr().err
    assert (
        "There is no rule no-wide-alow." in error and "Did you mean no-wide-allow? Rules: address-protected," in error
    )


def test_the_page_is_what_the_rules_say() -> None:
    assert (REPOSITORY / DOCUMENT).read_text() == page(), "run `python -m policies.document`"
