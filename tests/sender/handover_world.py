"""Two pods of a campaign as folders: one that hands its queue over, one that takes it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from services.sender.gate.spool import Spool
from services.sender.handover import queue_ids
from services.sender.handover.exports import Exports
from services.sender.handover.landing import Landing
from services.sender.handover.leaving import Leaving
from services.sender.handover.listener import Listener
from services.sender.handover.memory import Memory
from services.sender.handover.sealing import Parcel
from services.sender.handover.siblings import Address, Siblings
from services.sender.handover.tally import Tally
from tests.sender.release_world import NOW, queue_file

CAMPAIGN, KEY = "spring-sale", b"k" * 32
QUEUES = ("hold", "incoming", "active", "deferred/A", "defer/A", "saved")


class Pod:
    """One pod's disk, and its gate's two sides of a handover."""

    def __init__(self, root: Path, volume: Path, space_mib: int = 10_000) -> None:
        for queue in QUEUES:
            (root / "spool" / queue).mkdir(parents=True)
        volume.mkdir(exist_ok=True)
        self.root, self.spool, self.space_mib = root, root / "spool", space_mib
        self.said: list[str] = []
        self.tally = Tally()
        self.exports = Exports(volume, CAMPAIGN, lambda: KEY)
        self.begin()

    def begin(self) -> None:
        """A gate that has just started."""
        self.landing = Landing(self.spool, Memory(self.root / "taken"), self.space_mib)
        self.listener = Listener(self.landing, CAMPAIGN, lambda: KEY, self.tally, self.said.append)

    def add(self, number: int, queue: str = "hold", modified: float = NOW, content: bytes | None = None) -> Path:
        """Puts a message into a queue, under an id that is right for its inode."""
        raw = self.spool / queue / "raw"
        raw.write_bytes(queue_file(f"a{number}@alder.test", arrived=NOW + number) if content is None else content)
        raw.chmod(0o700)
        os.utime(raw, (modified, modified))
        path = raw.with_name(queue_ids.queue_id(queue_ids.moment_of(NOW + number), raw.stat().st_ino))
        return raw.rename(path)

    def messages(self) -> list[tuple[bytes, float]]:
        """Content and time of every complete message, sorted."""
        spool = Spool(self.spool)
        files = [file for queue in ("hold", "deferred", "incoming", "active") for file in spool.files(queue)]
        return sorted((Path(file.path).read_bytes(), file.modified) for file in files)

    async def leave(
        self,
        resolve: Callable[[], Awaitable[list[Address]]],
        *,
        give_until: float = float("inf"),
        export_until: float = float("inf"),
        export: bool = True,
        steady: Callable[[], float] | None = None,
    ) -> int:
        """Hands the queue over; how many messages are left."""
        siblings = Siblings(CAMPAIGN, resolve, lambda: KEY)
        loop = asyncio.get_running_loop()
        leaving = Leaving(
            Spool(self.spool),
            siblings,
            self.exports if export else None,
            self.tally,
            self.said.append,
            forget=self.landing.forget,
            steady=steady or loop.time,
            sleep=lambda seconds: asyncio.sleep(0.01),
        )
        return await leaving.empty(give_until, export_until)


def parcel(number: int = 1, content: bytes | None = None) -> Parcel:
    """A message that another pod had."""
    whole = queue_file(f"a{number}@alder.test", arrived=NOW + number) if content is None else content
    return Parcel(queue_ids.queue_id(queue_ids.moment_of(NOW + number), 12345), int(NOW * 1e9), whole)


def fixed(*ports: int) -> Callable[[], Awaitable[list[Address]]]:
    """Ready pods on these ports of the loopback."""

    async def resolve() -> list[Address]:
        return [("127.0.0.1", port) for port in ports]

    return resolve
