"""The identity check: what is seen outside must be the lane, or nothing is delivered."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.reflector.server import Reflector
from services.sender.gate import identity, lane_identity
from services.sender.gate.identity import Finding, Identity, Lane, State
from warmlane.recipients.route import Asked, Records
from warmlane.reflection import ReflectionError

ADDRESS, OTHER = IPv4Address("198.51.100.16"), IPv4Address("198.51.100.2")
LANE = Lane(ADDRESS, "amber.warmlane.test")


@dataclass
class Zone:
    """DNS that answers what a test says."""

    forward: frozenset[IPv4Address] | None = frozenset({ADDRESS})
    pointed: frozenset[str] | None = frozenset({LANE.hostname})

    async def addresses(self, host: str) -> Records:
        assert host == LANE.hostname
        return records(self.forward)

    async def names(self, address: IPv4Address) -> Records:
        return records(self.pointed)


def records(found: frozenset[IPv4Address] | frozenset[str] | None) -> Records:
    """DNS' answer; None where it has not answered."""
    if found is None:
        return Records(Asked.UNKNOWN, 0)
    return Records(Asked.FOUND if found else Asked.NO_DATA, 60, tuple(map(str, found)))


def seen(source: IPv4Address | Exception) -> Callable[[], Awaitable[IPv4Address]]:
    async def reflect() -> IPv4Address:
        if isinstance(source, Exception):
            raise source
        return source

    return reflect


@pytest.mark.parametrize(
    ("source", "zone", "state", "why"),
    [
        (ADDRESS, Zone(), State.PROVEN, ""),
        (OTHER, Zone(), State.WRONG, "would leave from 198.51.100.2"),
        (ADDRESS, Zone(pointed=frozenset({"node.example"})), State.WRONG, "says node.example"),
        (ADDRESS, Zone(pointed=frozenset({LANE.hostname, "node.example"})), State.WRONG, "node.example"),
        (ADDRESS, Zone(pointed=frozenset()), State.WRONG, "says nothing"),
        (ADDRESS, Zone(forward=frozenset({OTHER})), State.WRONG, "does not have the address"),
        (ADDRESS, Zone(forward=None), State.UNKNOWN, "DNS does not say"),
        (ADDRESS, Zone(pointed=None), State.UNKNOWN, "DNS does not say"),
        (ConnectionRefusedError("refused"), Zone(), State.UNKNOWN, "not reached: refused"),
        (TimeoutError(), Zone(), State.UNKNOWN, "no answer in time"),
        (ReflectionError("not signed"), Zone(), State.WRONG, "proves nothing"),
    ],
)
def test_only_the_lane_itself_is_proven(source: IPv4Address | Exception, zone: Zone, state: State, why: str) -> None:
    found = asyncio.run(identity.look(LANE, seen(source), zone))
    assert found.state is state
    assert why in found.why


async def _asked_of_a_reflector(key: Ed25519PrivateKey, believed: Ed25519PrivateKey) -> IPv4Address:
    server = await Reflector(key).serve("127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        return await identity.reflected("127.0.0.1", port, believed.public_key())


def test_the_reflector_tells_the_address_of_a_connection() -> None:
    key = Ed25519PrivateKey.generate()
    assert asyncio.run(_asked_of_a_reflector(key, key)) == IPv4Address("127.0.0.1")


def test_another_reflector_is_not_believed() -> None:
    with pytest.raises(ReflectionError, match="not signed"):
        asyncio.run(_asked_of_a_reflector(Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()))


async def _said(words: bytes) -> bytes:
    server = await Reflector(Ed25519PrivateKey.generate()).serve("127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        writer.write(words)
        writer.write_eof()
        try:
            return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.close()


@pytest.mark.parametrize(
    "words", [b"", b"EHLO there\r\n", b"REFLECT 00\r\n", b"REFLECT " + b"0" * 1000 + b"\r\n", b"\xff\n"]
)
def test_whoever_asks_the_reflector_something_else_learns_nothing(words: bytes) -> None:
    assert asyncio.run(_said(words)) == b""


@dataclass
class World:
    """Findings in turn, the last one again and again, on a clock that a test sets."""

    findings: list[Finding]
    now: float = 0.0
    looks: int = 0
    looked: asyncio.Event = field(default_factory=asyncio.Event)

    async def look(self) -> Finding:
        found = self.findings[min(self.looks, len(self.findings) - 1)]
        self.looks += 1
        self.looked.set()
        return found


PROVEN, UNKNOWN = Finding(State.PROVEN), Finding(State.UNKNOWN, "no answer")
WRONG = Finding(State.WRONG, "another address")


async def _followed(world: World, looks: int, monkeypatch: pytest.MonkeyPatch) -> Identity:
    """The identity after so many looks."""
    monkeypatch.setattr(identity, "PROVEN_EVERY", 0.0)
    monkeypatch.setattr(identity, "RETRY", 0.0)
    subject = Identity(world.look, lambda: world.now)
    task = asyncio.create_task(subject.follow())
    while world.looks < looks:
        world.looked.clear()
        await world.looked.wait()
        await asyncio.sleep(0)
    task.cancel()
    return subject


def test_nothing_is_proven_before_the_first_look() -> None:
    assert Identity(World([PROVEN]).look).state() is State.UNKNOWN


@pytest.mark.parametrize(
    ("findings", "state"),
    [
        ([PROVEN], State.PROVEN),
        ([PROVEN, WRONG], State.WRONG),
        ([PROVEN, UNKNOWN], State.PROVEN),
        ([WRONG, UNKNOWN], State.UNKNOWN),
        ([UNKNOWN, PROVEN], State.PROVEN),
    ],
)
def test_a_wrong_address_closes_at_once_and_one_lost_answer_does_not(
    findings: list[Finding], state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = asyncio.run(_followed(World(findings), len(findings), monkeypatch))
    assert subject.state() is state


def test_a_proof_that_is_not_renewed_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World([PROVEN])
    subject = asyncio.run(_followed(world, 1, monkeypatch))
    world.now = identity.PROOF_HOLDS
    assert subject.state() is State.PROVEN
    world.now += 0.1
    assert subject.state() is State.UNKNOWN


def test_after_a_change_the_old_proof_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = asyncio.run(_followed(World([PROVEN]), 1, monkeypatch))
    subject.changed()
    assert subject.state() is State.UNKNOWN


KEY = Ed25519PrivateKey.generate()


def document(address: str = "127.0.0.1", reflector: str = "127.0.0.1") -> str:
    """identity.json of a pod whose lane is this machine's loopback."""
    public = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
    return json.dumps({"address": address, "reflector": {"address": reflector, "public_key": public}})


class Loopback:
    """DNS in which 127.0.0.1 is the lane."""

    async def addresses(self, host: str) -> Records:
        return records(frozenset({IPv4Address("127.0.0.1")}))

    async def names(self, address: IPv4Address) -> Records:
        return records(frozenset({LANE.hostname}))


async def _states(file: Path, texts: list[str], monkeypatch: pytest.MonkeyPatch) -> list[tuple[State, str]]:
    """What is known after each of the documents has been mounted in turn."""
    server = await Reflector(KEY).serve("127.0.0.1", 0)
    monkeypatch.setattr(lane_identity, "PORT", server.sockets[0].getsockname()[1])
    subject, found = lane_identity.LaneIdentity(LANE.hostname, Loopback(), file), list[tuple[State, str]]()
    async with server:
        task = asyncio.create_task(subject.follow())
        for text in texts:
            file.write_text(text)
            subject.compare()
            assert subject.state() is not State.PROVEN, "a changed document drops the proof at once"
            await asyncio.sleep(0.3)
            found.append((subject.state(), subject.unproven()))
        task.cancel()
    return found


def test_the_mounted_document_says_who_the_lane_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [document(), document(address="198.51.100.16"), "{}"]
    proven, wrong, unusable = asyncio.run(_states(tmp_path / "identity.json", texts, monkeypatch))
    assert proven == (State.PROVEN, "")
    assert wrong == (State.WRONG, "mail would leave from 127.0.0.1; the lane's address is 198.51.100.16")
    assert unusable[0] is State.UNKNOWN
    assert "identity.json can't be used" in unusable[1] and "deploy the campaign again" in unusable[1]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", '{"address": 1}', document(address="nowhere")],
    ids=["empty", "a list", "null", "a number", "no address"],
)
def test_a_document_that_can_t_be_used_is_one_error(text: str) -> None:
    with pytest.raises(lane_identity.IdentityError, match=r"identity\.json"):
        lane_identity.expected(text)
