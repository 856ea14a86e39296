"""Mail is held, released one message for one token, and never tried by Postfix itself: with a real Postfix."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lab import images
from services.sender.gate.counts import Counts
from services.sender.gate.deliverer import Deliverer
from services.sender.gate.ledger import Ledger
from services.sender.gate.log_lines import parse
from services.sender.gate.routing import ProviderRoutes
from services.sender.gate.spool import Spool
from services.sender.gate.waiting import Waiting
from services.sender.log_follow import LogFollower
from services.store.database import database, transaction
from services.store.lanes import register
from services.store.migrate import upgrade
from tests.sender import outside, sandbox
from warmlane.campaign import Plan
from warmlane.pacing.history import Base, Delivered
from warmlane.pacing.limits import Restraint, WarmUp
from warmlane.providers import SESSIONS
from warmlane.recipients.address import parse as parse_address
from warmlane.recipients.resolver import DnsLookup, DnsServer
from warmlane.recipients.routes import MailRoutes

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

PLENTY = 10_000_000
"""Messages/day, the top of the plan: 115 tokens a second, and those of the hour's earlier seconds."""
DAY = 86_400


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, progress: Callable[[str], None]) -> Iterator[sandbox.Container]:
    made = sandbox.Container.made(images.ensure(progress)["sender"].archive, tmp_path_factory.mktemp("sender"))
    yield made
    made.removed()


@pytest.fixture
def container(image: sandbox.Container) -> Iterator[sandbox.Container]:
    image.emptied()
    with sandbox.network():
        yield image
        image.kill()


@dataclass
class Gate:
    """The gate's release of mail beside the container, with a store in SQLite."""

    container: sandbox.Container
    directory: Path
    limit: int = PLENTY
    restraint: Restraint = Restraint(allowance=None)
    suppressed: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        engine = database(f"sqlite:///{self.directory}/store.db")
        upgrade(engine)
        with transaction(engine) as connection:
            today = int(time.time()) // DAY
            register(connection, "amber", Base(1000, Delivered(today - 1, PLENTY)))
        routes = MailRoutes(DnsLookup([DnsServer("127.0.0.1")]))
        spool = Spool(self.container.spool)
        self.counts = Counts()
        self.waiting = Waiting(spool, ProviderRoutes(routes).provider)
        self.deliverer = Deliverer(
            spool,
            self.waiting,
            Ledger(engine, "amber", DAY, "replica-1"),
            WarmUp(Plan.AGGRESSIVE, self.limit, 1000, today, (self.limit,)),
            self.counts,
            restraint=lambda: self.restraint,
            suppressed=self._suppressed,
            stood=lambda start, end: 0.0,
            unproven=str,
            say=self.said.append,
        )
        self._follower = LogFollower(self.container.log)

    async def _suppressed(self, address: str) -> bool:
        return parse_address(address).canonical in self.suppressed

    async def until(self, done: Callable[[], bool], seconds: float = 30) -> None:
        """Runs until something holds."""
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, f"{self.said} {self.counts}\n{self.container.output()[-3000:]}"
            for line in self._follower.lines():
                self.counts.add(parse(line))
                self.deliverer.note(parse(line))
            await self.deliverer.step()
            await asyncio.sleep(0.05)

    async def for_a_while(self, seconds: float) -> None:
        """Runs for some seconds."""
        end = time.monotonic() + seconds
        await self.until(lambda: time.monotonic() >= end, seconds + 30)


Scene = Callable[[outside.Receiver], Awaitable[None]]


def played(container: sandbox.Container, scene: Scene, exchanges: dict[str, str] | None = None) -> None:
    """Runs a scene between the started container and a receiver."""

    async def play() -> None:
        receiver = outside.Receiver()
        servers = await outside.standing(receiver, exchanges or {})
        await asyncio.to_thread(container.start)
        await scene(receiver)
        for server in servers:
            server.close()

    asyncio.run(play())


def test_mail_is_held_until_its_token_comes_and_goes_one_by_one(container: sandbox.Container, tmp_path: Path) -> None:
    async def scene(receiver: outside.Receiver) -> None:
        await asyncio.to_thread(outside.submit, [f"a{number}@alder.test" for number in range(5)])
        await asyncio.sleep(1)
        assert (len(container.queue("hold")), receiver.attempts) == (5, []), "without a gate nothing leaves"
        gate = Gate(container, tmp_path)
        gate.restraint = Restraint(allowance=None, hold_stands=True)
        await gate.for_a_while(1)
        assert (len(container.queue("hold")), receiver.attempts) == (5, []), "a hold stands"
        assert gate.counts.submissions["accepted"] == 5
        gate.restraint = Restraint(allowance=None)
        await gate.until(lambda: len(receiver.delivered) == 5 and not container.queue("active"))
        await gate.for_a_while(0.3)
        assert gate.counts.tokens["other"] == gate.counts.deliveries["delivered", "other"] == 5
        assert container.queue("hold") == container.queue("incoming") == container.queue("deferred") == []

    played(container, scene)


def test_attempts_are_as_many_as_tokens_and_no_more_sessions_than_the_share(
    container: sandbox.Container, tmp_path: Path
) -> None:
    async def scene(receiver: outside.Receiver) -> None:
        receiver.seconds = 0.2
        recipients = [f"a{number}@domain-{number % 50}.test" for number in range(120)]
        await asyncio.to_thread(outside.submit, recipients)
        gate = Gate(container, tmp_path)
        await gate.until(lambda: len(receiver.delivered) == 120, 60)
        assert sorted(receiver.delivered) == sorted(recipients)
        assert receiver.most_open <= SESSIONS["yahoo"], "fifty domains behind one provider's MX share its sessions"
        assert receiver.most_open >= SESSIONS["yahoo"] - 1, "the control: the share is used"
        await gate.for_a_while(0.5)
        assert gate.counts.tokens["yahoo"] == 120

    played(container, scene, {f"domain-{number}.test": "mx.mail.yahoodns.net" for number in range(50)})


def test_a_day_without_tokens_left_keeps_the_rest(container: sandbox.Container, tmp_path: Path) -> None:
    async def scene(receiver: outside.Receiver) -> None:
        await asyncio.to_thread(outside.submit, [f"a{number}@alder.test" for number in range(10)])
        gate = Gate(container, tmp_path, limit=1)
        await gate.for_a_while(3)
        assert len(receiver.delivered) <= 1
        assert len(container.queue("hold")) == 10 - len(receiver.delivered)

    played(container, scene)


def test_postfix_never_tries_again_by_itself(container: sandbox.Container, tmp_path: Path) -> None:
    async def scene(receiver: outside.Receiver) -> None:
        await asyncio.to_thread(outside.submit, ["later@alder.test"])
        gate = Gate(container, tmp_path)
        await gate.until(lambda: bool(container.queue("deferred")))
        await gate.for_a_while(0.3)
        assert len(receiver.attempts) == 1
        container.run("postfix", "reload")
        await gate.for_a_while(3)
        container.run("postqueue", "-p")
        assert len(receiver.attempts) == 1, "a reloaded qmgr looks through `deferred`; the stamp keeps it off"
        # A minute later the gate tries again, with a token of its own.
        await gate.until(lambda: len(receiver.attempts) == 2, 75)
        await gate.for_a_while(0.5)
        assert gate.counts.tokens["other"] == 2
        assert 58 <= receiver.attempts[1][0] - receiver.attempts[0][0] <= 70

    played(container, scene)


def test_what_reached_nobody_gives_its_token_back_and_is_tried_soon(
    container: sandbox.Container, tmp_path: Path
) -> None:
    async def scene(receiver: outside.Receiver) -> None:
        receiver.refuses()
        await asyncio.to_thread(outside.submit, ["a@alder.test", "b@alder.test"])
        gate = Gate(container, tmp_path)
        await gate.until(lambda: gate.counts.deliveries["deferred", "other"] >= 1)
        await gate.for_a_while(1)
        assert gate.counts.tokens["other"] == 0, "no connection was made"
        assert len(container.queue("hold")) == 2, "in `deferred` qmgr would try it at its next reload"
        await receiver.listens()
        await gate.until(lambda: len(receiver.delivered) == 2, 30)
        await gate.for_a_while(0.3)
        assert gate.counts.tokens["other"] == 2

    played(container, scene)


def test_a_killed_container_starts_with_everything_held(container: sandbox.Container, tmp_path: Path) -> None:
    async def scene(receiver: outside.Receiver) -> None:
        receiver.seconds = 20
        await asyncio.to_thread(outside.submit, ["later@alder.test", "a@alder.test", "b@alder.test"])
        gate = Gate(container, tmp_path)
        await gate.until(lambda: len(receiver.attempts) == 3 and len(container.queue("deferred")) == 1)
        everything = sorted(container.queue("deferred") + container.queue("active"))
        assert len(everything) == 3
        await asyncio.to_thread(container.kill)
        await asyncio.to_thread(container.start)
        await asyncio.sleep(2)
        assert container.queue("hold") == everything, "what was on its way waits for another token"
        assert len(receiver.attempts) == 3
        again = Waiting(Spool(container.spool), lambda domain: "other")
        again.refresh(time.time(), lambda queue_id: False)
        assert [message.tried.times for message in again if message.recipient.startswith("later")] == [1]

    played(container, scene)


def test_a_reload_during_a_try_makes_no_second_one(container: sandbox.Container, tmp_path: Path) -> None:
    async def scene(receiver: outside.Receiver) -> None:
        receiver.seconds = 4
        await asyncio.to_thread(outside.submit, ["slow-later@alder.test"])
        gate = Gate(container, tmp_path)
        await gate.until(lambda: len(receiver.attempts) == 1)
        container.run("postfix", "reload")
        await gate.until(lambda: gate.counts.deliveries["deferred", "other"] == 1)
        await gate.for_a_while(2)
        assert container.queue("incoming") == container.queue("active") == []
        assert len(receiver.attempts) == 1

    played(container, scene)


def test_suppressed_after_queueing_and_bounced_mail_leaves_the_queue(
    container: sandbox.Container, tmp_path: Path
) -> None:
    async def scene(receiver: outside.Receiver) -> None:
        await asyncio.to_thread(outside.submit, ["gone@alder.test", "unknown@alder.test", "a@alder.test"])
        gate = Gate(container, tmp_path, suppressed={"gone@alder.test"})
        await gate.until(lambda: sum(gate.counts.deliveries.values()) == 2 and not container.queue("active"))
        await gate.for_a_while(0.5)
        assert sorted(recipient for _, recipient in receiver.attempts) == ["a@alder.test", "unknown@alder.test"], (
            "neither the suppressed one nor a notice about the bounce was sent"
        )
        assert gate.counts.withdrawn["suppressed"] == 1
        assert gate.counts.tokens["other"] == 2, "a token that was not used went back"
        assert all(container.queue(queue) == [] for queue in ("hold", "incoming", "active", "deferred", "defer"))

    played(container, scene)


@pytest.mark.parametrize("offers", ["SMTPUTF8", ""], ids=["the receiver takes it", "the receiver does not"])
def test_an_internationalised_address_is_released_and_suppressed_by_its_one_spelling(
    container: sandbox.Container, tmp_path: Path, offers: str
) -> None:
    async def scene(receiver: outside.Receiver) -> None:
        receiver.offers = offers
        recipients = ["leser@bücher.test", "jürgen@alder.test", "gone@BÜCHER.test", "gone@xn--bcher-kva.test"]
        await asyncio.to_thread(outside.submit, recipients, "SMTPUTF8")
        await asyncio.to_thread(outside.submit, ["a@xn--bcher-kva.test"])
        gate = Gate(container, tmp_path, suppressed={"gone@xn--bcher-kva.test"})
        await gate.until(lambda: sum(gate.counts.deliveries.values()) == 3 and not container.queue("active"))
        await gate.for_a_while(0.5)
        assert gate.counts.withdrawn["suppressed"] == 2, "however it was written"
        taken = sorted(receiver.delivered)
        if offers:
            assert len(taken) == 3 and "jürgen@alder.test" in taken
        else:
            assert taken == ["a@xn--bcher-kva.test"], "without it only an address in ASCII can be delivered"
            assert gate.counts.deliveries["bounced", "other"] == 2
        assert container.queue("hold") == container.queue("deferred") == [] and gate.counts.unparsed == 0

    played(container, scene)


def test_a_thousand_messages_are_released(
    container: sandbox.Container, tmp_path: Path, progress: Callable[[str], None]
) -> None:
    async def scene(receiver: outside.Receiver) -> None:
        async with asyncio.TaskGroup() as producers:
            for producer in range(4):
                recipients = [f"a{number}@domain-{producer}.test" for number in range(250)]
                producers.create_task(asyncio.to_thread(outside.submit, recipients))
        gate = Gate(container, tmp_path)
        began = time.monotonic()
        await gate.until(lambda: len(receiver.delivered) == 1000, 120)
        seconds = time.monotonic() - began
        progress(f"1,000 held messages released and delivered in {seconds:.1f} s: {1000 / seconds:.0f} messages/s")
        await gate.for_a_while(1)
        assert gate.counts.tokens["other"] == gate.counts.deliveries["delivered", "other"] == 1000

    played(container, scene)
