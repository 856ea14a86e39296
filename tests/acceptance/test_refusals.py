"""What a rule or the validation refuses is refused by every way in, before anything is made."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from cli import main
from cli.cluster import Cluster
from tests.acceptance.conftest import Copy
from tests.acceptance.world import things
from tests.programs.cases import CONFIG_CASES, EACH_FAMILY, POLICY_CONFIG_CASES, Config, Program

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]


DEPLOYED, OTHER = "spring-sale", "summer-sale"


def is_campaign(stack: str) -> bool:
    return "." in stack


def plain(copy: Copy, verb: str, stack: str) -> subprocess.CompletedProcess[str]:
    """Plain `pulumi`, as a person types it."""
    directory, pack = ("campaigns", "../policies") if is_campaign(stack) else (".", "policies")
    confirmed = ["--yes"] if verb == "up" else []
    command = ["pulumi", verb, "-s", stack, "--policy-pack", pack, "--non-interactive", "--color", "never", *confirmed]
    return subprocess.run(
        command, cwd=copy.directory / directory, env=copy.engine.variables, capture_output=True, text=True, timeout=240
    )


def words(stack: str) -> list[str]:
    """How `warmlane` is told what to do."""
    return ["--campaign", stack.partition(".")[0]] if is_campaign(stack) else []


def assert_refused_by_every_way_in(copy: Copy, stack: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("preview", "up"):
        result = plain(copy, verb, stack)
        said = result.stdout + result.stderr
        assert result.returncode != 0 and text in " ".join(said.split()), said
    for verb in ("preview", "up"):
        capsys.readouterr()
        code = main.main([verb, *words(stack)])
        captured = capsys.readouterr()
        said = " ".join((captured.out + captured.err).split())
        assert (code, text in said) == (1, True), said


@pytest.mark.parametrize("program", EACH_FAMILY, ids=lambda program: program.rule)
def test_a_program_that_breaks_a_rule_is_refused(
    program: Program, copy: Copy, cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # On an empty backend: were it not refused, it would take nothing of the deployed environment away.
    (tmp_path / "backend").mkdir()
    copy.variables["PULUMI_BACKEND_URL"] = f"file://{tmp_path / 'backend'}"
    # And under another campaign's name: what exists already would be refused for that, before the rule is asked.
    copy.rename_campaign(DEPLOYED, OTHER)
    stack, text = program.stack.replace(DEPLOYED, OTHER), program.text.replace(DEPLOYED, OTHER)
    own = copy.directory / ("campaigns" if is_campaign(stack) else "infra")
    shutil.copy(copy.directory / "tests/programs" / program.rule / "__main__.py", own / "__main__.py")
    project = "campaigns" if is_campaign(stack) else "."
    create = ["pulumi", "-C", str(copy.directory / project), "stack", "select", "--create", stack]
    subprocess.run(create, env=copy.engine.variables, check=True, capture_output=True, timeout=60)
    before = things(cluster)
    assert_refused_by_every_way_in(copy, stack, text, capsys)
    assert things(cluster) == before


@pytest.mark.parametrize("case", POLICY_CONFIG_CASES, ids=lambda case: case.title)
def test_a_config_that_breaks_a_rule_is_refused(
    case: Config, copy: Copy, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    copy.change(case.file, case.changes)
    before = things(cluster)
    assert_refused_by_every_way_in(copy, case.stack, case.text, capsys)
    assert things(cluster) == before


@pytest.mark.parametrize("case", CONFIG_CASES, ids=lambda case: case.title)
def test_a_config_that_says_nonsense_is_refused_with_file_key_and_value(
    case: Config, copy: Copy, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    copy.change(case.file, case.changes)
    before = things(cluster)
    for verb in ("preview", "up"):
        capsys.readouterr()
        code = main.main([verb, *words(case.stack)])
        said = capsys.readouterr().err
        assert code == 1 and case.file in said and case.text in said, said
    result = plain(copy, "preview", case.stack)
    assert result.returncode != 0 and case.file in result.stdout + result.stderr
    assert things(cluster) == before


def test_a_lane_is_not_given_away_while_its_sender_lives(
    copy: Copy, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    copy.change("Pulumi.dev.yaml", {"leases.spring-sale.lane": "birch", "leases.newsletter.lane": "amber"})
    before = things(cluster)
    assert_refused_by_every_way_in(copy, "dev", "still sends from it", capsys)
    assert things(cluster) == before
