"""`lab/in-docker` and another clone's container, with a `docker` that only writes down what it is asked."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab import settings

HERE = str(settings.REPOSITORY)
ELSEWHERE = "/elsewhere/warmlane"
DOCKER = """#!/bin/sh
echo "$(echo "$*" | tr '\\n' ' ')" >>"$ASKED"
case "$*" in
ps*) echo "$STATE" ;;
inspect*) echo "$HOLDER" ;;
"exec "*" make "*) exit "$VERB_CODE" ;;
rm*) exit "$RM_CODE" ;;
esac
"""


@dataclass
class Docker:
    """The fake program's folder."""

    folder: Path

    def run(
        self,
        verb: str,
        state: str,
        holder: str = HERE,
        verb_code: int = 0,
        rm_code: int = 0,
        required: str = "",
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "PATH": f"{self.folder}:/usr/bin:/bin",
            "ASKED": str(self.folder / "asked"),
            "STATE": state,
            "HOLDER": holder,
            "VERB_CODE": str(verb_code),
            "RM_CODE": str(rm_code),
            settings.REQUIRE_LAB: required,
        }
        command = [settings.REPOSITORY / "lab/in-docker", verb]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)

    def asked(self, word: str) -> list[str]:
        """The calls of one of docker's subcommands."""
        calls = (self.folder / "asked").read_text().splitlines()
        return [call.strip() for call in calls if call.split()[0] == word]


@pytest.fixture
def docker(tmp_path: Path) -> Docker:
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)
    return Docker(tmp_path)


@pytest.mark.parametrize("state", ["running", "exited"])
@pytest.mark.parametrize("required", ["", "1"])
def test_down_leaves_another_clones_container_alone(docker: Docker, state: str, required: str) -> None:
    done = docker.run("down", state, ELSEWHERE, required=required)

    assert done.returncode == 3
    assert f"held by the clone {ELSEWHERE}. `make down` there ends it" in done.stderr
    assert not docker.asked("exec") and not docker.asked("rm") and not docker.asked("volume")


def test_down_ends_its_own_lab_and_removes_container_and_state(docker: Docker) -> None:
    done = docker.run("down", "running")

    assert done.returncode == 0, done.stderr
    assert docker.asked("exec") == ["exec warmlane-lab make --no-print-directory down-here"]
    assert docker.asked("rm") == ["rm --force warmlane-lab"]
    assert docker.asked("volume") == ["volume rm --force warmlane-state"]


def test_down_without_a_container_does_nothing(docker: Docker) -> None:
    done = docker.run("down", "")

    assert (done.returncode, docker.asked("exec"), docker.asked("rm")) == (0, [], [])


@pytest.mark.parametrize(("verb_code", "rm_code", "code"), [(2, 0, 2), (0, 1, 1)])
def test_down_ends_as_its_worst_part_and_removes_the_container(
    docker: Docker, verb_code: int, rm_code: int, code: int
) -> None:
    assert docker.run("down", "running", verb_code=verb_code, rm_code=rm_code).returncode == code
    assert docker.asked("rm")


@pytest.mark.parametrize("required", ["", "0", "true"])
def test_up_leaves_another_clones_lab_alone(docker: Docker, required: str) -> None:
    done = docker.run("up", "running", ELSEWHERE, required=required)

    assert done.returncode == 3
    assert "`WARMLANE_REQUIRE_LAB=1 make up` here takes it over" in done.stderr
    assert not docker.asked("rm") and not docker.asked("exec")


@pytest.mark.parametrize(("state", "holder", "removed"), [("running", ELSEWHERE, 1), ("exited", HERE, 1), ("", "", 0)])
def test_up_makes_a_container_of_its_own(docker: Docker, state: str, holder: str, removed: int) -> None:
    done = docker.run("up", state, holder, verb_code=5, required="1")

    assert done.returncode == 5, "the verb's own exit code"
    assert len(docker.asked("rm")) == removed
    assert f"--label warmlane.dev/clone={HERE}" in docker.asked("run")[0]
    assert docker.asked("exec")[-1].endswith(
        "--env WARMLANE_REQUIRE_LAB=1 warmlane-lab make --no-print-directory up-here"
    )


def test_a_running_container_of_this_clone_is_used(docker: Docker) -> None:
    assert docker.run("test", "running").returncode == 0
    assert not docker.asked("rm") and not docker.asked("run")
