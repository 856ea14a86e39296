"""What comes in on the siblings' port: sealed mail is taken once, all else is refused and keeps nobody waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from services.sender.handover import wire
from services.sender.handover.listener import CONNECTIONS, Listener
from services.sender.handover.sealing import LARGEST, KeyUnavailable, seal
from services.sender.handover.siblings import NobodyTakes, Siblings, Way
from tests.sender.handover_world import CAMPAIGN, KEY, Pod, fixed, parcel

Talk = Callable[[Pod, int], Awaitable[None]]


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    return Pod(tmp_path / "b", tmp_path / "volume")


def with_listener(pod: Pod, talk: Talk) -> None:
    async def run() -> None:
        port = await pod.listener.listen("127.0.0.1", 0)
        async with asyncio.timeout(20):
            await talk(pod, port)
        pod.listener.close()

    asyncio.run(run())


async def greeted(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    code, text = wire.parsed(await reader.readline())
    return reader, writer, bytes.fromhex(text) if code == wire.KEPT else b""


async def answered(port: int, raw: Callable[[bytes], bytes]) -> tuple[bytes, bytes]:
    """The answer to what is sent after the greeting, and what comes after that."""
    reader, writer, greeting = await greeted(port)
    writer.write(raw(greeting))
    writer.write_eof()
    first = await reader.readline()
    rest = await reader.read()
    writer.close()
    return first, rest


def framed(whole: bytes) -> bytes:
    return wire.LENGTH.pack(len(whole)) + whole


def sealed(greeting: bytes, number: int = 0, key: bytes = KEY, campaign: str = CAMPAIGN) -> bytes:
    return framed(b"".join(seal(parcel(), key, campaign, wire.place(greeting, number))))


def test_messages_are_taken_one_after_the_other_in_one_connection(pod: Pod) -> None:
    async def talk(pod: Pod, port: int) -> None:
        way = Way(Siblings(CAMPAIGN, fixed(port), lambda: KEY))
        for number in (1, 2, 1):
            await way.give(parcel(number))
        assert way._connection is not None and way._connection.number == 3
        way.close()

    with_listener(pod, talk)
    assert [content for content, _ in pod.messages()] == sorted(parcel(number).content for number in (1, 2))
    assert pod.tally.taken == 2, "the third was known"


@pytest.mark.parametrize(
    "raw",
    [
        lambda greeting: framed(b"garbage"),
        lambda greeting: framed(b""),
        lambda greeting: b"GET / HTTP/1.1\r\n\r\n",
        lambda greeting: wire.LENGTH.pack(LARGEST + 1) + b"x",
        lambda greeting: sealed(greeting, key=b"o" * 32),
        lambda greeting: sealed(greeting, campaign="newsletter"),
        lambda greeting: sealed(greeting, number=1),
        lambda greeting: sealed(b"\0" * wire.GREETING_OCTETS),
    ],
    ids=["garbage", "nothing", "http", "too large", "another key", "another campaign", "out of order", "replayed"],
)
def test_what_is_not_sealed_for_this_very_place_is_refused_and_ends_the_connection(
    pod: Pod, raw: Callable[[bytes], bytes]
) -> None:
    async def talk(pod: Pod, port: int) -> None:
        first, rest = await answered(port, raw)
        assert first.startswith(b"422 ") and rest == b""
        way = Way(Siblings(CAMPAIGN, fixed(port), lambda: KEY))
        await way.give(parcel(7))
        way.close()

    with_listener(pod, talk)
    assert [content for content, _ in pod.messages()] == [parcel(7).content], "the control alone"


def test_a_truncated_message_is_nowhere(pod: Pod) -> None:
    async def talk(pod: Pod, port: int) -> None:
        assert await answered(port, lambda greeting: sealed(greeting)[:-1]) == (b"", b"")

    with_listener(pod, talk)
    assert pod.messages() == []


def test_whoever_says_nothing_is_dropped(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SECONDS", 0.2)

    async def talk(pod: Pod, port: int) -> None:
        for start in (b"", framed(b"x" * 100)[:20]):
            reader, writer, _ = await greeted(port)
            writer.write(start)
            assert await reader.read() == b""
            writer.close()

    with_listener(pod, talk)


def test_too_many_connections_are_told_to_come_later(pod: Pod) -> None:
    async def talk(pod: Pod, port: int) -> None:
        first = [await greeted(port) for _ in range(CONNECTIONS)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.read() == b"503 too many at once\n"
        for _, each, _ in first:
            each.close()
        writer.close()

    with_listener(pod, talk)


def test_a_pod_that_stops_itself_finishes_what_it_was_taking_and_takes_nothing_more(pod: Pod) -> None:
    async def talk(pod: Pod, port: int) -> None:
        way = Way(Siblings(CAMPAIGN, fixed(port), lambda: KEY))
        await way.give(parcel(1))
        pod.listener.refuse()
        await pod.listener.settled()
        with pytest.raises(NobodyTakes):
            await way.give(parcel(2))
        with pytest.raises(NobodyTakes, match="503: it is stopping itself"):
            await way.give(parcel(2))

    with_listener(pod, talk)
    assert len(pod.messages()) == 1


def test_a_spool_without_room_and_a_pod_without_key_say_so(pod: Pod) -> None:
    async def talk(pod: Pod, port: int) -> None:
        pod.landing.resize(1)
        way = Way(Siblings(CAMPAIGN, fixed(port), lambda: KEY))
        for _ in range(2):
            with pytest.raises(NobodyTakes, match="503: 0 of 1 MiB are used"):
                await way.give(parcel())

    with_listener(pod, talk)
    assert len(pod.said) == 1, "a full spool is told once, not for each message"

    def none() -> bytes:
        raise KeyUnavailable("handover_key can't be read")

    pod.listener = Listener(pod.landing, CAMPAIGN, none, pod.tally, pod.said.append)

    async def keyless(pod: Pod, port: int) -> None:
        with pytest.raises(NobodyTakes, match="503: no key"):
            await Way(Siblings(CAMPAIGN, fixed(port), lambda: KEY)).give(parcel())

    with_listener(pod, keyless)
    assert pod.messages() == []


def test_nobody_there_and_strangers_are_told_apart(pod: Pod) -> None:
    async def talk(pod: Pod, port: int) -> None:
        async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\n")
            writer.close()

        stranger = await asyncio.start_server(http, "127.0.0.1", 0)
        strange = stranger.sockets[0].getsockname()[1]
        for ports, why in (((), "no other pod"), ((1,), "can't be reached"), ((strange,), "no answer of a sibling")):
            with pytest.raises(NobodyTakes, match=why):
                await Way(Siblings(CAMPAIGN, fixed(*ports), lambda: KEY)).give(parcel())
        way = Way(Siblings(CAMPAIGN, fixed(1, strange, port), lambda: KEY))
        await way.give(parcel())
        way.close()
        stranger.close()

    with_listener(pod, talk)
    assert len(pod.messages()) == 1


def test_a_message_whose_answer_was_lost_goes_to_nobody_else(pod: Pod, tmp_path: Path) -> None:
    other = Pod(tmp_path / "c", tmp_path / "volume")

    async def talk(pod: Pod, port: int) -> None:
        another = await other.listener.listen("127.0.0.1", 0)
        ports = [port, another]

        async def resolve() -> list[tuple[str, int]]:
            return [("127.0.0.1", each) for each in ports]

        siblings = Siblings(CAMPAIGN, resolve, lambda: KEY)
        siblings.doubt[parcel().queue_id] = ("127.0.0.1", port)
        way = Way(siblings, start=1)
        await way.give(parcel())
        assert (len(pod.messages()), len(other.messages()), siblings.doubt) == (1, 0, {})
        siblings.doubt[parcel(2).queue_id] = ("127.0.0.1", 1)
        await way.give(parcel(2))
        assert len(pod.messages()) + len(other.messages()) == 2, "a pod that is gone holds nothing up"
        way.close()
        other.listener.close()

    with_listener(pod, talk)
