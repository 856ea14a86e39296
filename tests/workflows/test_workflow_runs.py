"""The workflows' steps do what they are for, in a fresh clone with GitHub's payloads: fork, own branch, merge."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from lab import settings
from tests.report.conftest import with_built_images
from tests.report.samples import SAMPLES, edit
from tests.workflows.runner import Ran, Runner

VENV = settings.REPOSITORY / ".venv"
FAKE_PULUMI = settings.REPOSITORY / "tests/cli/fake_pulumi.py"
US, FORK = "warmlane/warmlane", "somebody/warmlane"
EXTERNAL = """    egress: {strategy: external}
    lanes:
      cobalt:
        address: 203.0.113.9
        node_labels: {pool: cobalt}
        started: "2026-08-03"
        sending_days: 24
        sending_days_as_of: "2026-09-02"
"""


@dataclass
class Hub:
    """A clone with a base commit and a pull request's head, and programs that remember how they were called."""

    clone: Path
    base: str
    scratch: Path

    def commit(self, message: str) -> str:
        """Commits everything and returns the commit."""
        git(self.clone, "add", "--all")
        git(self.clone, "commit", "--quiet", "--allow-empty", "--message", message)
        return git(self.clone, "rev-parse", "HEAD").strip()

    def run(self, workflow: str, github: dict[str, Any], **more: str) -> dict[str, Ran]:
        """Runs a workflow; a step's shell gets PATH, HOME and what `more` names."""
        variables = {
            "PATH": f"{self.scratch / 'bin'}:/usr/bin:/bin",
            "HOME": str(self.scratch),
            "PYTHONPATH": str(self.clone),
            "WARMLANE_FAKE": str(self.scratch / "engine"),
            "FAKE_CALLS": str(self.scratch / "calls"),
            **more,
        }
        settings_ = {"PULUMI_BACKEND_URL": f"file://{self.scratch}", "EKS_CLUSTER": "mail", "KUBE_CONTEXT": "mail"}
        path = settings.REPOSITORY / ".github/workflows" / workflow
        return Runner(path, self.clone, github, variables, self.scratch / "artifacts", settings_).run()

    def calls(self, program: str) -> list[str]:
        """How a program was called, a line each."""
        file = self.scratch / "calls" / program
        return file.read_text().splitlines() if file.exists() else []

    def engine_runs(self, verb: str) -> list[str]:
        """Stacks on which the engine ran a verb."""
        file = self.scratch / "engine/calls.jsonl"
        calls = [json.loads(line)["words"] for line in file.read_text().splitlines()] if file.exists() else []
        return [words[words.index("-s") + 1] for words in calls if words[0] == verb]


def git(directory: Path, *words: str) -> str:
    names = ["-c", "user.name=somebody", "-c", "user.email=somebody@warmlane.test"]
    done = subprocess.run(["git", "-C", str(directory), *names, *words], capture_output=True, text=True, check=True)
    return done.stdout


def program(directory: Path, name: str, script: str) -> None:
    file = directory / name
    file.write_text(script)
    file.chmod(0o755)


def with_packages(clone: Path) -> None:
    """The packages are installed already; a runner would install the same ones from the lock file."""
    (clone / ".venv").mkdir()
    for part in ("bin", "lib", "pyvenv.cfg"):
        (clone / ".venv" / part).symlink_to(VENV / part)
    (clone / ".venv/complete").touch()


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    clone, scratch = tmp_path / "clone", tmp_path / "scratch"
    clone.mkdir()
    for directory in ("bin", "engine", "calls", "artifacts"):
        (scratch / directory).mkdir(parents=True)
    with_built_images(clone)
    # AWS can't be asked here, so prod's lanes are addresses that somebody else routes.
    text = (clone / "Pulumi.prod.yaml").read_text()
    start, end = text.index("    aws:\n"), text.index("    leases:\n")
    (clone / "Pulumi.prod.yaml").write_text(text[:start] + EXTERNAL + text[end:])
    git(clone, "init", "--quiet", "--initial-branch", "main")
    with_packages(clone)
    program(scratch / "bin", "pulumi", f'#!/bin/sh\nexec {sys.executable} {FAKE_PULUMI} "$@"\n')
    remember = '#!/bin/sh\necho "$*" >> "$FAKE_CALLS/{name}"\n'
    program(scratch / "bin", "aws", remember.format(name="aws"))
    program(
        scratch / "bin",
        "gh",
        remember.format(name="gh")
        + 'case "$*" in *pulls/7/files*) echo "$FAKE_FILES";; *pulls/7*) echo "$FAKE_HEAD";; '
        + '*--paginate*) echo "$FAKE_COMMENT";; esac\n',
    )
    (scratch / "engine/stacks.json").write_text(json.dumps({"prod": 60, "receipts.prod": 19}))
    found = Hub(clone, "", scratch)
    found.base = found.commit("base")
    return found


def pull_request(hub: Hub, repository: str) -> dict[str, Any]:
    pull = {"number": 7, "base": {"sha": hub.base}, "head": {"repo": {"full_name": repository}}}
    return {"repository": US, "event_name": "pull_request", "event": {"pull_request": pull}}


def finished(head: str, repository: str) -> dict[str, Any]:
    run = {"event": "pull_request", "conclusion": "failure", "head_sha": head, "id": 1}
    return {"repository": US, "event": {"workflow_run": {**run, "head_repository": {"full_name": repository}}}}


def volume(hub: Hub, messages: int) -> str:
    edit(hub.clone, "campaigns/Pulumi.receipts.prod.yaml", (r"daily_volume: \d+", f"daily_volume: {messages}"))
    return hub.commit("more mail")


def test_a_fork_gets_its_report_without_credentials(hub: Hub) -> None:
    SAMPLES["campaign added"].change(hub.clone)
    head = hub.commit("a campaign")
    ran = hub.run("preview.yml", pull_request(hub, FORK))
    assert ran["render"].result == "success", ran["render"].output
    assert ran["preview"].result == ran["combine"].result == "skipped"
    assert not hub.calls("aws") and not hub.engine_runs("preview"), "a fork's code meets no cloud and no engine"
    comment = (hub.scratch / "artifacts/report/comment.md").read_text()
    assert comment.startswith("**Allowed**") and "winter-sale.dev" in comment.splitlines()[1]
    shutil.rmtree(hub.clone / "report")
    posted = hub.run("comment.yml", finished(head, FORK), FAKE_HEAD=head, FAKE_COMMENT="")
    assert posted["comment"].result == "success", posted["comment"].output
    assert hub.calls("gh")[-1] == f"api --method POST repos/{US}/issues/7/comments --field body=@reports/comment.md"


def test_what_others_merged_meanwhile_is_not_told_as_this_change(hub: Hub, tmp_path: Path) -> None:
    """GitHub checks out the merge of the branch and of main as it is now, and the event still names the older main."""
    git(hub.clone, "checkout", "--quiet", "-b", "branch")
    SAMPLES["campaign added"].change(hub.clone)
    hub.commit("a campaign")
    git(hub.clone, "checkout", "--quiet", "main")
    volume(hub, 30_000)
    git(hub.clone, "merge", "--quiet", "--no-ff", "--message", "merge", "branch")
    runner = tmp_path / "runner"
    git(tmp_path, "clone", "--quiet", "--depth", "2", f"file://{hub.clone}", str(runner))
    with_packages(runner)
    ran = replace(hub, clone=runner).run("preview.yml", pull_request(hub, FORK))
    assert ran["render"].result == "success", ran["render"].output
    summary = (hub.scratch / "artifacts/report/comment.md").read_text().splitlines()[1]
    assert "winter-sale.dev" in summary and "receipts" not in summary


def test_a_violation_fails_the_job_and_still_yields_the_comment(hub: Hub) -> None:
    SAMPLES["volume beyond plan"].change(hub.clone)
    head = hub.commit("too much")
    ran = hub.run("preview.yml", pull_request(hub, FORK))
    assert ran["render"].result == "failure"
    assert "warm-up-schedule" in ran["render"].output["Report"]
    posted = hub.run("comment.yml", finished(head, FORK), FAKE_HEAD=head, FAKE_COMMENT="99")
    assert posted["comment"].result == "success", posted["comment"].output
    assert hub.calls("gh")[-1].startswith(f"api --method PATCH repos/{US}/issues/comments/99 "), "one comment, updated"
    assert (hub.clone / "reports/comment.md").read_text().startswith("**Refused**")


def test_a_branch_of_our_own_is_previewed_by_the_engine(hub: Hub) -> None:
    SAMPLES["campaign added"].change(hub.clone)
    volume(hub, 30_000)
    ran = hub.run("preview.yml", pull_request(hub, US))
    assert {name: job.result for name, job in ran.items()} == dict.fromkeys(("render", "preview", "combine"), "success")
    assert hub.engine_runs("preview") == ["receipts.prod"], "the affected stack, and none of the lab's"
    assert hub.calls("aws") == ["eks update-kubeconfig --name mail --alias mail"]
    combined = (hub.scratch / "artifacts/combined-report/comment.md").read_text()
    assert "| `receipts.prod` | changed | ~1 | nothing |" in combined, "the engine's own count stands in the comment"


def test_a_comment_says_whose_word_it_is(hub: Hub) -> None:
    """The report is written by the code of the pull request, which may have been changed to write anything."""
    report = hub.scratch / "artifacts/report"
    report.mkdir()
    (report / "pull-request").write_text("7\n")
    (report / "comment.md").write_text("**Allowed**: 32 of 32 policies passed.\n")
    files = "policies/rules/no_wide_allow.py\ncampaigns/Pulumi.x.dev.yaml\ndocs/x.md"
    posted = hub.run("comment.yml", finished("1" * 40, FORK), FAKE_HEAD="1" * 40, FAKE_FILES=files, FAKE_COMMENT="")
    assert posted["comment"].result == "success", posted["comment"].output
    first, second = (hub.clone / "reports/comment.md").read_text().splitlines()
    assert first == (
        "**This pull request changes 1 file of code, and what follows was written by that code**: read it before you "
        "trust the rest."
    )
    assert second.startswith("**Allowed**")
    files += "\nMakefile"
    hub.run("comment.yml", finished("1" * 40, FORK), FAKE_HEAD="1" * 40, FAKE_FILES=files, FAKE_COMMENT="")
    assert "changes 2 files of code" in (hub.clone / "reports/comment.md").read_text()
    hub.run("comment.yml", finished("1" * 40, FORK), FAKE_HEAD="1" * 40, FAKE_FILES="Pulumi.dev.yaml", FAKE_COMMENT="")
    assert (hub.clone / "reports/comment.md").read_text().startswith("**Allowed**"), "a stack file runs nothing"


def test_a_run_without_a_report_leaves_no_older_verdict(hub: Hub) -> None:
    """Neither does a link in the artifact bring a file of the runner into the comment."""
    report, secret = hub.scratch / "artifacts/report", hub.scratch / "token"
    report.mkdir()
    secret.write_text("a token")
    (report / "pull-request").write_text("7\n")
    (hub.clone / "reports/report").mkdir(parents=True)
    (hub.clone / "reports/report/comment.md").symlink_to(secret)
    posted = hub.run("comment.yml", finished("1" * 40, FORK), FAKE_HEAD="1" * 40, FAKE_FILES="", FAKE_COMMENT="99")
    assert posted["comment"].result == "success", posted["comment"].output
    assert (hub.clone / "reports/comment.md").read_text().startswith("**Refused**: the run for 1111")
    assert "PATCH" in hub.calls("gh")[-1]


def test_a_comment_goes_to_the_pull_request_that_ran_and_no_other(hub: Hub) -> None:
    hub.run("preview.yml", pull_request(hub, FORK))
    posted = hub.run("comment.yml", finished("1" * 40, FORK), FAKE_HEAD="2" * 40)
    assert posted["comment"].result == "failure"
    assert not [call for call in hub.calls("gh") if "--method" in call], "nothing is written"


def test_a_merge_deploys_and_the_night_compares(hub: Hub) -> None:
    github = {"repository": US, "event_name": "push", "event": {}}
    ran = hub.run("deploy.yml", github)
    assert ran["deploy"].result == "success", ran["deploy"].output
    assert hub.engine_runs("up") == ["prod", "receipts.prod"], "the environment first"
    ran = hub.run("drift.yml", github)
    assert ran["drift"].result == "success", ran["drift"].output
    assert hub.engine_runs("preview") == ["prod", "receipts.prod"]


def test_drift_fails_the_nightly_run(hub: Hub) -> None:
    changed = {"summaryEvent": {"isPreview": True, "resourceChanges": {"update": 1, "same": 18}}}
    (hub.scratch / "engine/receipts.prod.events.jsonl").write_text(json.dumps(changed) + "\n")
    ran = hub.run("drift.yml", {"repository": US, "event_name": "schedule", "event": {}})
    assert ran["drift"].result == "failure"
    assert "receipts.prod" in ran["drift"].output["Compare"]
