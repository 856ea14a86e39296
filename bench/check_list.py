"""`warmlane check-list` over 1,000,000 rows of 50,000 domains: rows a CPU second with warm DNS, and flat memory."""

from __future__ import annotations

import asyncio
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import Figure
from cli.check_list import checkpoint
from cli.check_list.run import Work, run
from cli.check_list.table import layout
from warmlane.recipients.route import Asked, Records
from warmlane.recipients.routes import MailRoutes

ROWS, DOMAINS = 1_000_000, 50_000
SMALL = 100_000
"""Rows of the list whose memory the large one's is compared with; it has all domains already."""
SEED = 20_261_124
MICROSECONDS_AT_MOST = 50.0
"""CPU time a row: 20,000 rows/s on one core."""
GROWTH_AT_MOST = 1.2
"""Memory at 1,000,000 rows by that at 100,000: ten times the rows, and what the allocator keeps back."""


class Instantly:
    """A lookup that knows all domains, so that what is measured is this program and not a DNS server."""

    async def mx(self, domain: str) -> Records:
        return Records(Asked.FOUND, 86_400, (f"mx.{domain}",))

    async def addresses(self, host: str) -> Records:
        return Records(Asked.FOUND, 86_400, ("192.0.2.25",))


def write(file: Path, rows: int) -> None:
    """A list as they come: 1 % malformed, some roles and slips, the first rows one of each domain."""
    dice = random.Random(SEED)
    with file.open("w") as target:
        target.write("id,email,name\n")
        for number in range(rows):
            domain = number if number < DOMAINS else int(DOMAINS * dice.random() ** 2)
            chance = dice.random()
            local = "info" if chance < 0.02 else f"first.last{number}" if chance < 0.5 else f"User_{number}+news"
            name = f"d{domain}.bench.test" if chance < 0.98 else "gmial.com" if chance < 0.99 else ""
            target.write(f'{number},{local}@{name},"Person, {number}"\n')


async def passed(source: Path, directory: Path, routes: MailRoutes) -> float:
    """CPU seconds of one run over a list."""
    directory.mkdir(exist_ok=True)
    work = Work(source, layout(source, None), directory, checkpoint.identity(source, {}), routes)
    began = time.process_time()
    tally, _ = await run(work, lambda _octets, _rows: None)
    if tally.rows not in (ROWS, SMALL):
        raise SystemExit(f"{tally.rows:,} rows were counted")
    (directory / "checkpoint.json").unlink(missing_ok=True)
    return time.process_time() - began


async def warm(source: Path, warming: Path, directory: Path) -> float:
    """CPU seconds over a list after another has warmed the cache."""
    routes = MailRoutes(Instantly(), domains_kept=2 * DOMAINS)
    await passed(warming, directory, routes)
    return await passed(source, directory, routes)


def main(rows: int) -> None:
    """One run in a process of its own: prints CPU seconds, wall seconds, and the most memory (MiB)."""
    with tempfile.TemporaryDirectory(prefix="warmlane-bench-") as place:
        source, warming = Path(place) / "list.csv", Path(place) / "warming.csv"
        write(source, rows)
        write(warming, SMALL)
        began = time.perf_counter()
        cpu = asyncio.run(warm(source, warming, Path(place) / "out"))
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(cpu, time.perf_counter() - began, most)


def apart(rows: int) -> tuple[float, float, float]:
    """What `main` prints, from a fresh process, as memory once taken does not shrink."""
    ran = subprocess.run(
        [sys.executable, "-m", "bench.check_list", str(rows)], capture_output=True, text=True, check=True
    )
    cpu, wall, most = map(float, ran.stdout.split())
    return cpu, wall, most


def measure() -> list[Figure]:
    """CPU time a row, since others load the machine, and memory of 1,000,000 rows against 100,000."""
    _, _, small = apart(SMALL)
    cpu, wall, large = apart(ROWS)
    print(
        f"check-list {ROWS / cpu:,.0f} rows a CPU second, {wall:.0f} s of wall time, {large:.0f} MiB at most",
        flush=True,
    )
    return [
        Figure("CPU time a row, DNS warm", cpu / ROWS * 1e6, MICROSECONDS_AT_MOST, "µs"),
        Figure("memory of 1,000,000 rows by that of 100,000", large / small, GROWTH_AT_MOST, "x"),
    ]


if __name__ == "__main__":
    main(int(sys.argv[1]))
