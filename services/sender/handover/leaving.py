"""Empties the queue of a pod that goes: to siblings as long as there is time for it, then onto the volume.

A file is removed here only after it is on disk there, so a kill at any point loses nothing; what was given and not yet
removed is recognised by whoever has it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import deque
from collections.abc import Awaitable, Callable

from services.sender.gate.spool import QueueFile, QueueFileError, Spool
from services.sender.handover.exports import Exports
from services.sender.handover.sealing import KeyUnavailable, Parcel
from services.sender.handover.siblings import NobodyTakes, Siblings, Way
from services.sender.handover.tally import Tally
from services.sender.handover.wire import LARGE

QUEUES = ("hold", "deferred", "incoming", "active")
WAYS = 4
"""Messages on their way to siblings at once: a sibling's disk syncs several in the time of one."""
AGAIN_AFTER = 2.0
"""Seconds between two rounds when nobody takes anything."""


class Leaving:
    """The last work of a gate, after Postfix has stopped. `steady` gives seconds that only grow."""

    def __init__(
        self,
        spool: Spool,
        siblings: Siblings,
        exports: Exports | None,
        tally: Tally,
        say: Callable[[str], None],
        *,
        forget: Callable[[bytes], None] = lambda digest: None,
        steady: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`forget` is told the digest of what another pod has now, without `exports` the rest stays in the queue."""
        self._spool, self._siblings, self._exports, self._tally, self._say = spool, siblings, exports, tally, say
        self._forget, self._steady, self._sleep = forget, steady, sleep
        self._large = asyncio.Lock()
        self._why = self._said = ""

    async def empty(self, give_until: float, export_until: float) -> int:
        """Returns how many messages are still here. Both times are of `steady`."""
        self._tally.leaving = True
        while files := self._files():
            if self._steady() >= give_until:
                break
            if not await self._round(files, give_until):
                self._tell(f"{len(files)} messages wait for a sibling: {self._why}")
                await self._sleep(AGAIN_AFTER)
        given = self._tally.given
        if self._exports and (files := self._files()):
            await asyncio.to_thread(self._export, self._exports, files, export_until)
        left = len(self._files())
        self._say(f"{given} messages went to siblings, {self._tally.exported} onto the volume, {left} are left here")
        return left

    def _files(self) -> list[QueueFile]:
        return [file for queue in QUEUES for file in self._spool.files(queue)]

    async def _round(self, files: list[QueueFile], until: float) -> bool:
        """Tries each file once; whether any went."""
        rest, before = deque(files), self._tally.given
        self._why = ""
        await asyncio.gather(*(self._work(Way(self._siblings, start), rest, until) for start in range(WAYS)))
        return self._tally.given > before or not self._files()

    async def _work(self, way: Way, rest: deque[QueueFile], until: float) -> None:
        try:
            while rest and self._steady() < until:
                try:
                    await self._give(way, rest.popleft())
                except (OSError, ValueError) as error:
                    self._tell(f"a queue file can't be given: {error}")
        except NobodyTakes as error:
            self._why = str(error)
        finally:
            way.close()

    async def _give(self, way: Way, file: QueueFile) -> None:
        """Raises NobodyTakes; OSError, ValueError for a file that can't be read or is larger than any message."""
        async with self._large if _size(file) > LARGE else contextlib.nullcontext():
            parcel = self._parcel(file)
            if parcel is None:
                return
            await way.give(parcel)
        self._forget(parcel.digest)
        self._tally.given += self._spool.delete(file)

    def _parcel(self, file: QueueFile) -> Parcel | None:
        """None when it is gone, or nothing of it is left to deliver: it is removed then. Raises OSError."""
        with contextlib.suppress(QueueFileError):
            envelope = self._spool.envelope(file)
            if envelope is None:
                return None
            if not envelope.sender or not envelope.recipients:
                self._spool.delete(file)
                return None
        try:
            with open(file.path, "rb") as opened:
                return Parcel(file.queue_id, os.fstat(opened.fileno()).st_mtime_ns, opened.read())
        except FileNotFoundError:
            return None

    def _export(self, exports: Exports, files: list[QueueFile], until: float) -> None:
        for file in files:
            if self._steady() >= until:
                break
            try:
                parcel = self._parcel(file)
                if parcel is None:
                    continue
                exports.write(parcel)
            except (OSError, KeyUnavailable, ValueError) as error:
                self._tell(f"{file.queue_id} can't be left on the volume: {error}")
                continue
            self._forget(parcel.digest)
            self._tally.exported += self._spool.delete(file)

    def _tell(self, text: str) -> None:
        if text != self._said:
            self._say(text)
        self._said = text


def _size(file: QueueFile) -> int:
    try:
        return os.stat(file.path).st_size
    except FileNotFoundError:
        return 0
