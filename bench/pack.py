"""The policy pack's share of a preview of a whole environment by Pulumi's engine, beside the lab.

The engine is the real one; the API server is the tests' own, and AWS is the lab's server in this process, so neither is
counted as a part of the preview.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure
from lab import settings, toolchain
from lab.aws.account import Account
from lab.aws.server import fresh, listening
from tests.policies.engine.world import World, know_cilium, world
from tests.standins.kubernetes import api_server

ENVIRONMENT, MODEL = "prod", "ochre"
LANES = 6
"""Lanes beside the committed ones: the smallest round number with which the preview is of more than `FEWEST`."""
FEWEST = 100
PACK = ("--policy-pack", "policies")
ROUNDS = 9
RATIO_AT_MOST = 1.15


@dataclass(frozen=True)
class Took:
    """Seconds of one preview: on the wall, and of the processors by all its processes."""

    wall_s: float
    processor_s: float


def measure() -> list[Figure]:
    """Ratios of medians over rounds in which the two previews take turns, so that what else runs falls on both.

    On the wall as it is aimed for, and by what all processes together took of the processors, which says more where
    others use the machine.
    """
    with settled() as there:
        # The first preview of each kind compiles modules, which no later one does.
        count = created(there, PACK)
        created(there, ())
        bare, packed = list[Took](), list[Took]()
        for _ in range(ROUNDS):
            bare.append(preview(there, ()))
            packed.append(preview(there, PACK))
    without, with_pack = middle(bare), middle(packed)
    print(
        f"  preview of {count} resources, medians of {ROUNDS}: {without.wall_s:.2f} s, {without.processor_s:.2f} s of "
        f"processors; with the pack {with_pack.wall_s:.2f} s, {with_pack.processor_s:.2f} s of processors",
        flush=True,
    )
    return [
        Figure(f"pack / none, {count} resources", with_pack.wall_s / without.wall_s, RATIO_AT_MOST, "ratio"),
        Figure(
            f"pack / none, {count} resources, processors",
            with_pack.processor_s / without.processor_s,
            RATIO_AT_MOST,
            "ratio",
        ),
    ]


def middle(all_: Sequence[Took]) -> Took:
    """Medians of several previews."""
    return Took(statistics.median(one.wall_s for one in all_), statistics.median(one.processor_s for one in all_))


@contextmanager
def settled() -> Iterator[World]:
    """A copy of the repository whose environment has `LANES` lanes more, with all that a preview asks."""
    with (
        tempfile.TemporaryDirectory(prefix="warmlane-bench-") as directory,
        listening() as endpoint,
        api_server.running(toolchain.ensure(print), _made(Path(directory) / "cluster")) as cluster,
        fresh(Account()),
    ):
        know_cilium(cluster)
        there = world(_made(Path(directory) / "world"))
        # Where it is set, each preview would compile all modules anew, and a person's does so once.
        there.variables.pop("PYTHONDONTWRITEBYTECODE", None)
        there.settle(cluster, endpoint, ENVIRONMENT)
        lanes = there.config(ENVIRONMENT)["lanes"]
        # Older than a week, and in subnets beside those of the committed lanes.
        more = {
            f"bench-{number}": {**lanes[MODEL], "started": "2026-08-01", "subnet": f"10.40.239.{number * 32}/27"}
            for number in range(LANES)
        }
        there.change(ENVIRONMENT, lanes=lanes | more)
        there.fill(ENVIRONMENT)
        yield there


def created(there: World, pack: Sequence[str]) -> int:
    """How many resources a preview would create. Ends the bench when it is not the whole environment."""
    ran = there.command("preview", "-s", ENVIRONMENT, *pack)
    count = ran.record.changes.get("create", 0)
    if ran.code or count < FEWEST:
        raise SystemExit(f"the preview would create {count} resources, and at least {FEWEST} are wanted:\n{ran.output}")
    return count


def preview(there: World, pack: Sequence[str]) -> Took:
    """One preview. Ends the bench when it fails."""
    command = [sys.executable, "-P", str(settings.REPOSITORY / "bench" / "timed.py"), str(there.pulumi)]
    command += ["preview", "-s", ENVIRONMENT, *pack, "--non-interactive", "--color", "never"]
    done = subprocess.run(
        command, cwd=there.directory, env=there.variables, capture_output=True, text=True, check=False
    )
    if done.returncode or json.loads(done.stdout)["status"]:
        raise SystemExit(f"the preview failed:\n{done.stderr}")
    told = json.loads(done.stdout)
    return Took(told["wall_s"], told["processor_s"])


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory
