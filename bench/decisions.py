"""One cycle of the guardian's decisions over a large fleet, in which everything has changed since the last one."""

from __future__ import annotations

import json
import subprocess
import sys
import time

from bench.figures import Figure
from warmlane.feedback.cycle import Fleet, cycle
from warmlane.feedback.signals import (
    AtProvider,
    Attempts,
    Deferral,
    Identity,
    Listing,
    Outcomes,
    Queue,
    Reading,
    Signal,
)

CAMPAIGNS, PROVIDERS, DAYS = 1_000, 5, 7
CYCLES = 5
START = 20_000
SECONDS_AT_MOST = 1.0
MEBIBYTES_AT_MOST = 200.0


def measure() -> list[Figure]:
    """Processor seconds of the slowest cycle, and the highest memory of a process that does nothing else."""
    said = subprocess.run([sys.executable, "-m", "bench.decisions"], check=True, capture_output=True, text=True).stdout
    seconds, mebibytes = json.loads(said)
    name = f"a cycle, {CAMPAIGNS:,} campaigns x {PROVIDERS} providers, all changed"
    return [
        Figure(name, seconds, SECONDS_AT_MOST, "s"),
        Figure("memory of the process, readings and state included", mebibytes, MEBIBYTES_AT_MOST, "MiB"),
    ]


def slowest() -> float:
    """Processor seconds of the slowest of some cycles on full state."""
    fleet, worst = Fleet(), 0.0
    for number in range(CYCLES):
        now = float(START * 86_400 + number)
        readings = [_reading(campaign, number, now) for campaign in range(CAMPAIGNS)]
        began = time.process_time()
        fleet, _ = cycle(fleet, readings, now)
        worst = max(worst, time.process_time() - began)
    return worst


def _reading(campaign: int, number: int, now: float) -> Reading:
    return Reading(
        f"c{campaign}",
        f"{campaign // 3}.example",
        frozenset({f"list {campaign}"}),
        {f"provider {each}": _at(campaign, each, number, now) for each in range(PROVIDERS)},
        Signal({"one": Listing.CLEAN, "two": Listing.CLEAN}, now),
        Signal({}, now),
        Signal(Identity.AGREES, now),
    )


def _at(campaign: int, provider: int, number: int, now: float) -> AtProvider:
    """Counts of which no two are alike, so that no ratio is known already."""
    outcomes = []
    for day in range(DAYS):
        mail = 900 + PROVIDERS * CYCLES * campaign + CYCLES * provider + number
        outcomes.append(Outcomes(START - day, 0, mail, 5 + (campaign + day) % 9, mail - 50, (campaign + day) % 2))
    return AtProvider(
        Signal(tuple(outcomes), now),
        Signal(Attempts(100 + number, {Deferral.TRANSIENT: 5}), now),
        Signal(Queue((10, 12, 9, 11)), now),
    )


def _peak() -> float:
    """Highest resident memory of this process, MiB: Linux' own account, which a parent's memory is not part of."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    print(json.dumps([slowest(), _peak()]))
