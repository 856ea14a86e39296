"""A queue that real Postfix has made is handed over, and real Postfix delivers it from the other pod."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab import images
from services.sender.gate.backoff import STEP
from services.sender.gate.spool import Spool
from services.sender.handover import queue_ids
from services.sender.handover.landing import Landing
from services.sender.handover.leaving import Leaving
from services.sender.handover.listener import Listener
from services.sender.handover.memory import Memory
from services.sender.handover.service import Watch, postfix_runs
from services.sender.handover.siblings import Siblings
from services.sender.handover.tally import Tally
from tests.sender import outside, sandbox
from tests.sender.handover_world import CAMPAIGN, KEY, fixed
from tests.sender.test_release_by_postfix import Gate
from warmlane.pacing.limits import Restraint

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

MESSAGES, TRIED = 200, 50
OWNER = 101
"""The image's user `postfix`, as whom the gate writes in a pod; here root does, and gives the files to it."""


@pytest.fixture
def container(tmp_path: Path, progress: Callable[[str], None]) -> Iterator[sandbox.Container]:
    with sandbox.network():
        made = sandbox.Container.made(images.ensure(progress)["sender"].archive, tmp_path)
        made.emptied()
        yield made
        made.removed()


def contents(spool: Path) -> dict[bytes, int]:
    """By content of a waiting message, its file's time in ns since 1970 UTC."""
    found = Spool(spool)
    files = [file for queue in ("hold", "deferred", "incoming", "active") for file in found.files(queue)]
    return {Path(file.path).read_bytes(): os.stat(file.path).st_mtime_ns for file in files}


async def taken(before: Path, spool: Path, directory: Path) -> tuple[Tally, Tally]:
    """Hands the queues below `before` over to a pod whose Postfix runs on `spool`."""
    gives, takes = Tally(), Tally()
    landing = Landing(spool, Memory(directory / "taken"), 10_000)
    listener = Listener(landing, CAMPAIGN, lambda: KEY, takes, print)
    port = await listener.listen("127.0.0.1", 0)
    leaving = Leaving(Spool(before), Siblings(CAMPAIGN, fixed(port), lambda: KEY), None, gives, print)
    until = asyncio.get_running_loop().time() + 60
    assert await leaving.empty(until, until) == 0
    listener.close()
    return gives, takes


def test_a_queue_goes_to_another_pods_postfix_which_delivers_it(
    container: sandbox.Container, tmp_path: Path, progress: Callable[[str], None]
) -> None:
    before = tmp_path / "before"

    async def play() -> None:
        receiver = outside.Receiver()
        servers = await outside.standing(receiver, {})
        await asyncio.to_thread(container.start)
        recipients = [f"a{number}@domain-{number % 7}.test" for number in range(MESSAGES)]
        await asyncio.to_thread(outside.submit, recipients)
        assert len(container.queue("hold")) == MESSAGES
        for number, name in enumerate(container.queue("hold")[:TRIED]):
            stamp = time.time() - 3600 + (1 + number % 3) * STEP
            os.utime(container.spool / "hold" / name, (stamp, stamp))
        watch = Watch(container.spool)
        assert postfix_runs(container.spool) and not watch.ended()
        await asyncio.to_thread(container.stop)
        assert not postfix_runs(container.spool)
        was = contents(container.spool)
        assert len(was) == MESSAGES
        # The other pod: a disk of its own, with the same image.
        shutil.copytree(container.spool, before, ignore=shutil.ignore_patterns("public", "private"))
        container.emptied()
        await asyncio.to_thread(container.start)
        began = time.monotonic()
        gives, takes = await taken(before, container.spool, tmp_path)
        seconds = time.monotonic() - began
        progress(f"{MESSAGES} messages handed over in {seconds:.2f} s: {MESSAGES / seconds:.0f} messages/s")
        assert (gives.given, takes.taken) == (MESSAGES, MESSAGES) and contents(before) == {}
        assert contents(container.spool) == was, "every octet and every stamp"
        for name in container.queue("hold"):
            path = container.spool / "hold" / name
            assert name == queue_ids.queue_id(str(queue_ids.moment(name)), path.stat().st_ino)
            os.chown(path, OWNER, OWNER)
        names = container.queue("hold")
        container.run("postsuper", "-s", "hold")
        assert container.queue("hold") == names, "Postfix' own check renames a file whose id is not its inode's"
        gate = Gate(container, tmp_path)
        gate.restraint = Restraint(allowance=None, hold_stands=True)
        await gate.for_a_while(1)
        assert (receiver.delivered, container.queue("hold")) == ([], names), "a hold stands: kept, not delivered"
        gate.restraint = Restraint(allowance=None)
        await gate.until(lambda: len(receiver.delivered) >= MESSAGES, 90)
        await gate.for_a_while(0.5)
        assert sorted(receiver.delivered) == sorted(recipients), "each once"
        assert all(container.queue(queue) == [] for queue in ("hold", "incoming", "active", "deferred"))
        assert postfix_runs(container.spool)
        await gate.for_a_while(0.5)
        assert "warning" not in container.log.read_text(), "nothing is strange to Postfix, nor that it is looked for"
        for server in servers:
            server.close()

    asyncio.run(play())
