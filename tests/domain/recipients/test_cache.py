"""The cache of routes: bounded in size and time, and one question for all who ask at once."""

from __future__ import annotations

import asyncio

import pytest

from warmlane.recipients.cache import TtlCache
from warmlane.recipients.route import Asked, Records, Taking
from warmlane.recipients.routes import LONGEST, LONGEST_NO, SHORTEST, UNKNOWN_KEPT, MailRoutes


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Told:
    """A lookup that gives one answer for exchangers, and counts."""

    def __init__(self, answer: Records) -> None:
        self.answer, self.asked, self.hosts = answer, 0, 0

    async def mx(self, domain: str) -> Records:
        self.asked += 1
        await asyncio.sleep(0)
        return self.answer

    async def addresses(self, host: str) -> Records:
        self.hosts += 1
        return Records(Asked.FOUND, 10**9, ("192.0.2.25",))


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (Records(Asked.FOUND, 600, ("mx.shop.example",)), 600),
        (Records(Asked.FOUND, 0, ("mx.shop.example",)), SHORTEST),
        (Records(Asked.FOUND, 10**9, ("mx.shop.example",)), LONGEST),
        (Records(Asked.NO_NAME, 600), 600),
        (Records(Asked.NO_NAME, 10**9), LONGEST_NO),
        (Records(Asked.UNKNOWN, 0, why="no answer in time."), UNKNOWN_KEPT),
    ],
)
def test_an_answer_is_kept_as_long_as_dns_allows(answer: Records, seconds: float) -> None:
    async def run() -> None:
        clock, told = Clock(), Told(answer)
        routes = MailRoutes(told, clock=clock)
        await routes.route("shop.example")
        clock.now = seconds - 1
        await routes.route("shop.example")
        assert told.asked == 1
        clock.now = seconds
        assert routes.known("shop.example") is None
        await routes.route("shop.example")
        assert told.asked == 2

    asyncio.run(run())


def test_who_asks_at_once_gets_one_answer() -> None:
    async def run() -> None:
        told = Told(Records(Asked.FOUND, 600, ("mx.shop.example",)))
        routes = MailRoutes(told)
        found = await asyncio.gather(*(routes.route("shop.example") for _ in range(50)))
        assert told.asked == 1 and {route.taking for route in found} == {Taking.YES}

    asyncio.run(run())


def test_domains_share_their_exchangers_addresses() -> None:
    async def run() -> None:
        told = Told(Records(Asked.FOUND, 600, ("mx.shop.example",)))
        routes = MailRoutes(told)
        for number in range(5):
            await routes.route(f"d{number}.example")
        assert (told.asked, told.hosts) == (5, 1)

    asyncio.run(run())


def test_a_cancelled_question_leaves_the_others_theirs() -> None:
    async def run() -> None:
        told = Told(Records(Asked.FOUND, 600, ("mx.shop.example",)))
        routes = MailRoutes(told)
        first = asyncio.create_task(routes.route("shop.example"))
        second = asyncio.create_task(routes.route("shop.example"))
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).taking is Taking.YES and told.asked == 1

    asyncio.run(run())


def test_the_size_is_bounded_and_the_least_asked_goes() -> None:
    async def run() -> None:
        cache = TtlCache[int](2, Clock())

        async def made() -> tuple[int, float]:
            return 1, 60.0

        for key in ("a", "b"):
            await cache.get(key, made)
        cache.known("a")
        await cache.get("c", made)
        assert len(cache) == 2 and cache.known("a") and cache.known("b") is None

    asyncio.run(run())


def test_a_failed_making_is_tried_again() -> None:
    async def run() -> None:
        cache = TtlCache[int](2, Clock())

        async def failing() -> tuple[int, float]:
            raise OSError("no network")

        async def made() -> tuple[int, float]:
            return 1, 60.0

        with pytest.raises(OSError):
            await cache.get("a", failing)
        assert await cache.get("a", made) == 1

    asyncio.run(run())
