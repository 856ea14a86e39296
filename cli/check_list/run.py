"""A list is read, checked and written in batches; DNS is asked for coming batches while earlier ones are judged."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.check_list import checkpoint, outputs
from cli.check_list.checkpoint import Checkpoint
from cli.check_list.outputs import Judged, Outputs
from cli.check_list.table import Batch, Layout, batches
from cli.check_list.tally import SEGMENTS, Tally, read
from warmlane.recipients.check import Screened, concluded, screened
from warmlane.recipients.route import Route
from warmlane.recipients.routes import MailRoutes

BATCH = 1_000
BATCHES_AHEAD = 64
DOMAINS_AHEAD = 2_000
"""Domains whose answers are waited for at most: slow ones do not stop the list, and memory stays flat."""
CHECKPOINT_SECONDS = 1.0

Progress = Callable[[int, int], None]
"""Is told octets and rows that are done."""


@dataclass
class Ahead:
    """A batch that is read, its rows as far as their text tells, and the answers that it waits for."""

    batch: Batch
    found: list[Screened]
    routes: dict[str, Route]
    waiting: asyncio.Task[dict[str, Route]] | None
    asked: int


@dataclass(frozen=True)
class Work:
    """One run: the list, where its outputs go, and what must be the same for it to go on; `routes` None = no DNS."""

    source: Path
    laid: Layout
    directory: Path
    identity: Mapping[str, Any]
    routes: MailRoutes | None


async def run(work: Work, tell: Progress) -> tuple[Tally, int]:
    """Checks the list; the tally, and the rows that an earlier run had done. Raises ConfigError for a bad line."""
    file = work.directory / outputs.CHECKPOINT
    begun = checkpoint.load(file, work.identity)
    if begun and not outputs.present(work.directory, begun.sizes):
        begun = None
    tally = read(begun.tally) if begun else Tally()
    done_before = tally.rows
    lists = Outputs(work.directory, work.laid, begun.sizes if begun else None)
    try:
        saved = time.monotonic()
        async for ahead in _in_order(work, begun):
            lists.add(_judged(work, ahead, tally))
            tell(ahead.batch.end, tally.rows)
            if time.monotonic() - saved >= CHECKPOINT_SECONDS:
                reached = Checkpoint(ahead.batch.end, ahead.batch.end_line, lists.on_disk(), tally.written())
                checkpoint.save(file, work.identity, reached)
                saved = time.monotonic()
        lists.on_disk()
    finally:
        lists.close()
    return tally, done_before


async def _in_order(work: Work, begun: Checkpoint | None) -> AsyncIterator[Ahead]:
    """The batches in the list's order, each with its answers."""
    waiting, domains = deque[Ahead](), 0
    with work.source.open("rb") as source:
        offset, line = (begun.offset, begun.line) if begun else (0, 0)
        for ahead in _read_ahead(work, batches(work.source, source, work.laid, BATCH, offset, line)):
            waiting.append(ahead)
            domains += ahead.asked
            while waiting and (waiting[0].waiting is None or domains > DOMAINS_AHEAD or len(waiting) >= BATCHES_AHEAD):
                first = waiting.popleft()
                domains -= first.asked
                yield await _answered(first)
            # Answers come in only while the loop runs.
            await asyncio.sleep(0)
        while waiting:
            yield await _answered(waiting.popleft())


def _read_ahead(work: Work, read_: Iterator[Batch]) -> Iterator[Ahead]:
    column = work.laid.column
    for batch in read_:
        found = [screened(cells[column].strip()) for cells in batch.rows]
        domains = {one.recipient.domain for one in found if one.recipient}
        if work.routes is None:
            yield Ahead(batch, found, {}, None, 0)
            continue
        routes = {domain: route for domain in domains if (route := work.routes.known(domain))}
        unknown = domains - routes.keys()
        task = asyncio.ensure_future(_asked(work.routes, unknown)) if unknown else None
        yield Ahead(batch, found, routes, task, len(unknown))


async def _asked(routes: MailRoutes, domains: set[str]) -> dict[str, Route]:
    ordered = sorted(domains)
    return dict(zip(ordered, await asyncio.gather(*map(routes.route, ordered)), strict=True))


async def _answered(ahead: Ahead) -> Ahead:
    if ahead.waiting:
        ahead.routes |= await ahead.waiting
    return ahead


def _judged(work: Work, ahead: Ahead, tally: Tally) -> list[Judged]:
    column, batch = work.laid.column, ahead.batch
    # Within a batch a row's place in the file is taken as even.
    first = batch.start / work.identity["size"] * SEGMENTS
    step = (batch.end - batch.start) / work.identity["size"] * SEGMENTS / max(len(batch.rows), 1)
    judged = list[Judged]()
    for number, (line, cells, found) in enumerate(zip(batch.lines, batch.rows, ahead.found, strict=True)):
        domain = found.recipient.domain if found.recipient else ""
        verdict = concluded(found, ahead.routes[domain] if domain and work.routes else None)
        # Blanks around a cell are layout, not address.
        cells[column] = cells[column].strip()
        tally.add(verdict, domain, min(int(first + number * step), SEGMENTS - 1))
        judged.append((line, cells, verdict))
    return judged
