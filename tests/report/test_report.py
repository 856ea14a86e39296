"""The report on a change says the right thing in its first three lines, and nothing that its author could forge."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import validate

from cli.events import Violation
from cli.outcome import Code, WorldFailed
from cli.output import Output
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
    changes = affected(base, render(tree))
    assert command.invocations(changes, ()) == [
        {"environment": "dev", "what": "environment", "options": ""},
        {"environment": "dev", "what": "campaigns", "options": "--campaign winter-sale"},
    ]
    assert command.invocations(changes, command.of_one_machine(tree)) == [], "no runner has the lab"


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


def test_a_change_of_what_judges_is_told_first(base: Side, tree: Path, render: Callable[[Path], Side]) -> None:
    """Its own rules judge it, so whoever reads the verdict must know which of them it has rewritten."""
    file = tree / "warmlane/warmup/plans.py"
    file.write_text(file.read_text() + "\n")
    (tree / ".github/workflows/drift.yml").unlink()
    first = markdown.comment(base, render(tree)).splitlines()[0]
    assert first.startswith("**Allowed**")
    assert "It changes what judges it (`.github/workflows/drift.yml`, `warmlane/warmup/plans.py`)" in first


def test_another_reflector_is_told_first(base: Side, tree: Path, render: Callable[[Path], Side]) -> None:
    """Whoever names it says by which address mail leaves, and no manifest shows its name in preview."""
    file = tree / "Pulumi.prod.yaml"
    file.write_text(file.read_text().replace("address: 203.0.113.10\n", "address: 203.0.113.77\n"))
    first = markdown.comment(base, render(tree)).splitlines()[0]
    assert "It changes what judges it (`Pulumi.prod.yaml: reflector`)" in first


def test_a_rule_that_is_gone_is_told(base: Side, tree: Path, render: Callable[[Path], Side]) -> None:
    file = tree / "policies/rules/__init__.py"
    file.write_text(file.read_text().replace("    no_wide_allow,\n", "").replace("    no_wide_allow.RULE,\n", ""))
    head = render(tree)
    assert f"{len(base.rules) - 1} policies passed, and 1 no longer judges (`no-wide-allow`)" in markdown.verdict(
        base, head
    )


def test_a_pack_config_that_is_no_json_is_a_refusal(base: Side, tree: Path, render: Callable[[Path], Side]) -> None:
    (tree / "policies/config/dev.json").write_text("{")
    head = render(tree)
    assert head.refused
    assert markdown.comment(base, head).startswith("**Refused**: the configuration of `dev` can't be used")


def test_a_campaign_without_an_environment_is_told(base: Side, tree: Path, render: Callable[[Path], Side]) -> None:
    (tree / "campaigns/Pulumi.newsletter.dev.yaml").rename(tree / "campaigns/Pulumi.newsletter.dve.yaml")
    comment = markdown.comment(base, render(tree))
    assert comment.startswith("**Refused**: the configuration of `newsletter.dve` can't be used.")
    assert "there is no environment dve" in comment


def test_two_environments_on_one_cluster_are_told(base: Side, tree: Path, render: Callable[[Path], Side]) -> None:
    text = (tree / "Pulumi.dev.yaml").read_text().replace("domain: warmlane.test", "domain: staging.test")
    (tree / "Pulumi.staging.yaml").write_text(text)
    head = render(tree)
    assert head.refused
    comment = markdown.comment(base, head)
    first, second = comment.splitlines()[:2]
    assert first.startswith("**Refused**") and "1 thing that no rule can see is wrong" in first
    assert second.startswith("1 environment added (`staging`: ")
    assert comment.count("The environments dev and staging share namespaces of the cluster") == 1


def test_nothing_judged_is_not_allowed() -> None:
    assert markdown.verdict(Side({}), Side({})).startswith("**Refused**: no policy judged anything.")
    assert Side({}).refused


def test_three_lines_stay_three_lines_for_a_thousand_campaigns() -> None:
    stacks = {f"c{index}.dev": Stack(f"c{index}.dev", "campaigns", {}, error="no") for index in range(1000)}
    lines = markdown.comment(Side({}), Side(stacks)).splitlines()
    assert "and 990 more" in lines[0] and "and 990 more" in lines[1] and lines[2].startswith("Warm-up:")


def test_code_that_cannot_render_is_told(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_tree: Path, _out: Path) -> Side:
        raise WorldFailed("`warmlane render -e dev` printed no report: SyntaxError", "Make it run.")

    monkeypatch.setattr(command, "side", fails)
    with pytest.raises(WorldFailed):
        command.run(Output(False), original, "HEAD", tmp_path, None)
    assert (tmp_path / "comment.md").read_text().startswith("**Refused**: the change can't be rendered.")


def committed(tree: Path) -> None:
    """Makes the tree a repository whose only commit is what stands in it."""
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@warmlane.test"]
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "base"]):
        subprocess.run(["git", "-C", str(tree), *who, *words], check=True)


@pytest.mark.parametrize(("change", "code"), [("nothing", Code.FINE), ("volume beyond plan", Code.REFUSED)])
def test_a_base_that_cannot_render_is_told_and_the_change_is_judged(
    tree: Path, tmp_path: Path, change: str, code: Code
) -> None:
    program = tree / "campaigns/program.py"
    sound = program.read_text()
    program.write_text("def deploy(:\n")
    committed(tree)
    program.write_text(sound)
    SAMPLES[change].change(tree)
    assert command.run(Output(False), tree, "HEAD", tmp_path / "out", None) is code
    comment = (tmp_path / "out/comment.md").read_text()
    first, second, third = comment.splitlines()[:3]
    assert first.startswith("**Allowed**" if code is Code.FINE else "**Refused**")
    assert "The base can't be rendered: nothing is compared, every stack counts as new." in first
    assert "2 environments added (`dev`: +" in second and "`spring-sale.dev` on lane `amber`: +" in second
    assert "`spring-sale.dev` starts at" in third
    assert "### The base can't be rendered" in comment and "SyntaxError" in comment


def test_a_report_of_another_version_is_a_base_that_cannot_render(
    original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_rendered", lambda *_: {"stacks": [{"name": "dev"}]})
    found = command.base_of(Output(False), "v0", original, tmp_path)
    assert found.stacks == {} and "another report than this version reads" in found.unrendered
    assert found.judges, "what judges is read all the same"
