"""Every program that breaks a rule, refused by Pulumi's engine in preview and in update, with nothing made."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from lab import toolchain
from lab.aws.account import Account
from lab.aws.server import fresh, listening
from tests.policies.engine.world import know_cilium, refusals, world
from tests.programs.cases import PROGRAM_CASES
from tests.standins.kubernetes import api_server


def run(_seed: int) -> dict[str, Any]:
    """By program, what was wrong with its refusal; `met` when nothing was. Nothing in it is left to chance."""
    wrong = dict[str, list[str]]()
    with (
        tempfile.TemporaryDirectory() as place,
        listening() as endpoint,
        api_server.running(toolchain.ensure(print), _made(Path(place) / "cluster")) as cluster,
    ):
        know_cilium(cluster)
        for program in PROGRAM_CASES:
            with fresh(Account()):
                there = world(_made(Path(place) / program.rule))
                there.settle(cluster, endpoint, "dev")
                found = refusals(there, program)
            print(f"{program.rule}: {'refused' if not found else found[0]}", flush=True)
            if found:
                wrong[program.rule] = found
    return {"programs": len(PROGRAM_CASES), "wrong": wrong, "met": not wrong}


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory
