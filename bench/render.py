"""`warmlane render --all` of one environment with up to 1,000 leases and as many campaign stacks."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.figures import Figure
from lab import settings

SIZES = (1, 10, 100, 1_000)
ENVIRONMENT, MODEL = "dev", "spring-sale"
ROOMS = ("campaigns", "cli", "components", "infra", "lab", "policies", "services", "warmlane")
IMAGE = "warmlane.test/image@sha256:" + "5e" * 32
SECONDS_AT_MOST = 60.0
MIB_AT_MOST = 1_024.0
EXPONENT_AT_MOST = 1.1
SAMPLED_EVERY_S = 0.05
SHORTEST_S = 0.05
"""Parts that take less at 100 campaigns are below the clock's noise and have no exponent."""
PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass(frozen=True)
class Run:
    """One render: seconds on the wall, of all processes' processors, and by part; peak memory of all processes."""

    wall_s: float
    processor_s: float
    peak_mib: float
    parts: Mapping[str, float]


def measure() -> list[Figure]:
    """Renders each size once; the exponents compare the two largest."""
    runs = dict[int, Run]()
    for size in SIZES:
        with tempfile.TemporaryDirectory(prefix="warmlane-bench-") as directory:
            repository = Path(directory) / "repository"
            copied(repository)
            generate(repository, size)
            runs[size] = rendered(repository, size)
        run = runs[size]
        print(
            f"  {size} campaigns: {run.wall_s:.1f} s, {run.processor_s:.1f} s of processors, {run.peak_mib:.0f} MiB; "
            + ", ".join(f"{part} {seconds:.2f}" for part, seconds in run.parts.items()),
            flush=True,
        )
    return figures(runs)


def figures(runs: Mapping[int, Run]) -> list[Figure]:
    """The figures of several sizes."""
    *_, smaller, largest = sorted(runs)
    found = [
        Figure(f"{largest} campaigns", runs[largest].wall_s, SECONDS_AT_MOST, "s"),
        Figure(f"{largest} campaigns, all processes", runs[largest].peak_mib, MIB_AT_MOST, "MiB"),
    ]
    for part, seconds in runs[largest].parts.items():
        before = runs[smaller].parts[part]
        if before >= SHORTEST_S:
            exponent = math.log(seconds / before) / math.log(largest / smaller)
            found.append(Figure(f"growth of {part}, {smaller} to {largest}", exponent, EXPONENT_AT_MOST, "exp"))
    return found


def copied(repository: Path) -> None:
    """A copy of what `render` runs, without campaigns."""
    ignored = shutil.ignore_patterns("__pycache__", "Pulumi.*.yaml")
    for room in ROOMS:
        shutil.copytree(settings.REPOSITORY / room, repository / room, ignore=ignored)
    shutil.copy(settings.REPOSITORY / "Pulumi.yaml", repository)


def generate(repository: Path, size: int) -> None:
    """An environment with `size` leased lanes, and a campaign's file for each, after the committed ones."""
    stack = _document(f"Pulumi.{ENVIRONMENT}.yaml")
    environment = stack["config"]["warmlane:environment"]
    lane = environment["lanes"][environment["leases"][MODEL]["lane"]]
    lease = environment["leases"][MODEL]
    ids = [f"bench-{number:04}" for number in range(size)]
    environment["lanes"] = {f"lane-{id_}": lane for id_ in ids}
    environment["leases"] = {id_: {**lease, "lane": f"lane-{id_}"} for id_ in ids}
    del environment["images_file"]
    environment["images"] = dict.fromkeys(("sender", "prometheus", "alertmanager", "postgresql"), IMAGE)
    _write(repository / f"Pulumi.{ENVIRONMENT}.yaml", stack)
    campaign = _document(f"campaigns/Pulumi.{MODEL}.{ENVIRONMENT}.yaml")
    for id_ in ids:
        own = json.loads(json.dumps(campaign).replace(MODEL, id_))
        _write(repository / "campaigns" / f"Pulumi.{id_}.{ENVIRONMENT}.yaml", own)


def _document(file: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load((settings.REPOSITORY / file).read_text(), yaml.CSafeLoader)  # noqa: S506
    return found


class _Plain(yaml.CSafeDumper):
    """Without anchors, which nobody writes by hand."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def _write(file: Path, document: Mapping[str, Any]) -> None:
    file.write_text(yaml.dump(document, Dumper=_Plain, sort_keys=False))


def rendered(repository: Path, size: int) -> Run:
    """One `warmlane render --all`. Ends the bench when anything is refused."""
    command = [sys.executable, "-c", "from cli.main import run; run()", "--json", "render", "--all", "-e", ENVIRONMENT]
    variables = {**os.environ, "PYTHONPATH": str(repository)}
    before, began, peak = os.times(), time.perf_counter(), 0.0
    answer, said = repository / "render.json", repository / "render.txt"
    with answer.open("w") as out, said.open("w") as err:
        process = subprocess.Popen(command, cwd=repository, env=variables, stdout=out, stderr=err)
        while process.poll() is None:
            peak = max(peak, sum(memory_mib(pid) for pid in tree(process.pid)))
            time.sleep(SAMPLED_EVERY_S)
        wall, after = time.perf_counter() - began, os.times()
    if process.returncode:
        raise SystemExit(f"render of {size} campaigns ended with {process.returncode}: {said.read_text()[-4000:]}")
    told = json.loads(answer.read_text())
    if len(told["stacks"]) != size + 1:
        raise SystemExit(f"render of {size} campaigns told of {len(told['stacks'])} stacks.")
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return Run(wall, spent, peak, told["seconds"])


def tree(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from tree(int(child))


def memory_mib(pid: int) -> float:
    """Resident memory of a process, what it shares included; 0 once it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_MIB
    except OSError:
        return 0.0
