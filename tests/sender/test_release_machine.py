"""Whatever happens in whatever order, a connection has a token of its own and no message is lost.

Postfix is played after what 3.7.11 was seen to do (docs/decisions/0005-hold-queue.md); the gate is the real one.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.sender.gate.backoff import STEP
from services.sender.gate.log_lines import Delivery, Event, Outcome
from services.store.database import StoreUnavailable
from tests.sender.release_world import World, queue_file, record
from warmlane.pacing.limits import Restraint

DOMAINS = ("gmail.test", "yahoo.test", "alder.test")
QUEUES = ("hold", "incoming", "active", "deferred")
ENDS = (Outcome.DELIVERED, Outcome.DEFERRED, Outcome.BOUNCED)


class Postfix:
    """qmgr and smtp over the world's spool; a try is a lock on a file that a receiver has or has not seen."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.log: list[Event] = []
        self.locked: dict[str, Outcome] = {}
        """Messages that smtp has ended with and that it has not told qmgr about."""
        self.connections = 0
        self.ended: set[str] = set()
        """Delivered or bounced."""

    def path(self, queue: str, queue_id: str) -> Path:
        return self.world.root / queue / queue_id

    def pick_up(self) -> None:
        for queue in ("incoming", "deferred"):
            for queue_id in self.world.queue(queue):
                path = self.path(queue, queue_id)
                if path.stat().st_mtime > self.world.now + 1:
                    continue
                assert queue == "incoming", "qmgr never finds a message in `deferred` whose time has come"
                if queue_id in self.locked:
                    os.utime(path, (self.world.now + 60, self.world.now + 60))
                elif queue_id in self.ended:
                    path.unlink()
                else:
                    path.rename(self.path("active", queue_id))

    def try_one(self, queue_id: str, outcome: Outcome, connected: bool) -> None:
        self.connections += connected
        relay = "mx.alder.test" if connected else None
        self.log.append(Delivery(queue_id, outcome, "alder.test", relay))
        self.locked[queue_id] = outcome
        if outcome is not Outcome.DEFERRED:
            self.ended.add(queue_id)

    def finish(self, queue_id: str) -> None:
        outcome = self.locked.pop(queue_id)
        path = self.path("active", queue_id)
        if not path.exists():
            # qmgr was restarted meanwhile; smtp has marked the recipient as done, and nothing more happens.
            if outcome is not Outcome.DEFERRED:
                self._mark(queue_id)
            return
        if outcome is Outcome.DEFERRED:
            # Whole seconds, as qmgr does it.
            os.utime(path, (int(self.world.now + STEP), int(self.world.now + STEP)))
            path.rename(self.path("deferred", queue_id))
        else:
            path.unlink()

    def _mark(self, queue_id: str) -> None:
        for queue in ("hold", "incoming", "deferred"):
            path = self.path(queue, queue_id)
            if path.exists():
                before = path.stat()
                path.write_bytes(queue_file(queue_id).replace(*(record(k, queue_id.encode()) for k in (b"R", b"D"))))
                os.utime(path, (before.st_atime, before.st_mtime))

    def reload(self) -> None:
        for queue_id in self.world.queue("active"):
            path = self.path("active", queue_id)
            if queue_id in self.locked:
                os.utime(path, (self.world.now + 60, self.world.now + 60))
            path.rename(self.path("incoming", queue_id))

    def restart(self) -> None:
        for queue_id in list(self.locked):
            # The kill came after the receiver's answer: what it says is lost, the file is as it was.
            self.ended.discard(queue_id)
        self.locked.clear()
        for queue in ("incoming", "active", "deferred"):
            for queue_id in self.world.queue(queue):
                self.path(queue, queue_id).rename(self.path("hold", queue_id))


class Release(RuleBasedStateMachine):
    """The gate and Postfix side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.world = World(Path(self.directory.name))
        self.postfix = Postfix(self.world)
        self.added: set[str] = set()

    def teardown(self) -> None:
        self.directory.cleanup()

    @initialize(domains=st.lists(st.sampled_from(DOMAINS), min_size=1, max_size=4))
    def accepts(self, domains: list[str]) -> None:
        for domain in domains:
            queue_id = f"m{len(self.added):05}@{domain}"
            self.world.add(queue_id, queue_id)
            self.added.add(queue_id)

    @rule(seconds=st.sampled_from([0.05, 20, 4000]), picked_up=st.booleans())
    def looks(self, seconds: float, picked_up: bool) -> None:
        events, self.postfix.log = self.postfix.log, []
        self.world.step(*events, after=seconds)
        if picked_up:
            self.postfix.pick_up()

    # All in one rule: hypothesis leaves rules out of an example, and without any of these steps nothing happens.
    @rule(
        data=st.data(),
        seconds=st.sampled_from([0.05, 61]),
        outcome=st.sampled_from(ENDS),
        connected=st.booleans(),
        finished=st.booleans(),
    )
    def tries(self, data: st.DataObject, seconds: float, outcome: Outcome, connected: bool, finished: bool) -> None:
        self.looks(seconds, True)
        tried = sorted(set(self.world.queue("active")) - set(self.postfix.locked))
        if not tried:
            return
        queue_id = data.draw(st.sampled_from(tried))
        self.postfix.try_one(queue_id, outcome, connected or outcome is Outcome.DELIVERED)
        if finished:
            self.postfix.finish(queue_id)

    @precondition(lambda self: self.postfix.locked)
    @rule(data=st.data())
    def finishes(self, data: st.DataObject) -> None:
        self.postfix.finish(data.draw(st.sampled_from(sorted(self.postfix.locked))))

    @rule(seen=st.booleans())
    def reloads(self, seen: bool) -> None:
        self.postfix.reload()
        if seen:
            self.looks(0.05, False)
        self.postfix.pick_up()

    @rule()
    def is_killed(self) -> None:
        self.postfix.restart()

    @rule()
    def gets_a_new_gate(self) -> None:
        self.world.begin()
        self.looks(0.05, False)

    @rule()
    def is_held_for_a_while(self) -> None:
        self.world.restraint = Restraint(allowance=None, hold_stands=True)
        self.looks(1, False)
        assert set(self.world.queue("incoming")) <= set(self.postfix.locked), "nothing goes out while a hold stands"
        self.world.restraint = Restraint(allowance=None)

    @rule()
    def misses_the_store_for_a_while(self) -> None:
        self.world.ledger.error = StoreUnavailable("away")
        self.looks(1, True)
        self.world.ledger.error = None

    @invariant()
    def every_connection_had_a_token(self) -> None:
        ledger = self.world.ledger
        assert self.postfix.connections <= len(ledger.taken) - len(ledger.put_backs)

    @invariant()
    def every_message_is_somewhere_once(self) -> None:
        places = [
            queue_id for queue in ("hold", "incoming", "active", "deferred") for queue_id in self.world.queue(queue)
        ]
        assert len(places) == len(set(places))
        assert self.added - self.postfix.ended <= set(places)


Release.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestRelease = Release.TestCase
