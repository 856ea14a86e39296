"""A queue leaves its pod: nothing is lost and nothing doubled, whoever is killed, and at whatever step."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from services.sender.gate.backoff import STEP
from services.sender.handover.landing import Landing
from services.sender.handover.sealing import KeyUnavailable
from services.sender.handover.siblings import Address
from tests.sender.handover_world import KEY, Pod, fixed
from tests.sender.kills import Killed, killed_at
from tests.sender.release_world import NOW, queue_file, record


@pytest.fixture
def pods(tmp_path: Path) -> tuple[Pod, Pod]:
    """One that goes, with mail in every queue, and one that stays."""
    leaves, stays = (Pod(tmp_path / name, tmp_path / "volume") for name in "ab")
    for number in range(6):
        leaves.add(number)
    leaves.add(6, "deferred/A", NOW + 3 * STEP)
    leaves.add(7, "incoming")
    leaves.add(8, "active")
    return leaves, stays


async def handed_over(leaves: Pod, stays: Pod, seconds: float = 20) -> int:
    port = await stays.listener.listen("127.0.0.1", 0)
    try:
        async with asyncio.timeout(20):
            until = asyncio.get_running_loop().time() + seconds
            return await leaves.leave(fixed(port), give_until=until, export=False)
    finally:
        stays.listener.close()


def test_every_queue_goes_byte_for_byte_and_with_its_stamps(pods: tuple[Pod, Pod]) -> None:
    leaves, stays = pods
    before = leaves.messages()
    assert asyncio.run(handed_over(leaves, stays)) == 0
    assert leaves.messages() == [] and stays.messages() == before
    assert len(list((stays.spool / "hold").iterdir())) == 9, "also what was on its way waits for another token"
    assert (leaves.tally.given, stays.tally.taken, leaves.tally.exported) == (9, 9, 0)


def test_nothing_is_left_to_deliver_of_a_notice_or_a_message_that_arrived(pods: tuple[Pod, Pod]) -> None:
    leaves, stays = pods
    done = queue_file("d@alder.test").replace(record(b"R", b"d@alder.test"), record(b"D", b"d@alder.test"))
    leaves.add(10, "active", content=done)
    leaves.add(11, "incoming", content=queue_file("n@alder.test", sender=""))
    leaves.add(12, content=b"what nobody understands")
    assert asyncio.run(handed_over(leaves, stays)) == 0
    assert len(stays.messages()) == 10
    assert b"what nobody understands" in dict(stays.messages()), "it is kept for a person, as it was here"


def test_a_file_that_a_producer_has_not_finished_does_not_go(pods: tuple[Pod, Pod]) -> None:
    leaves, stays = pods
    leaves.add(20, "incoming").chmod(0o600)
    assert asyncio.run(handed_over(leaves, stays)) == 0
    assert len(stays.messages()) == 9


@pytest.mark.parametrize("step", range(0, 90, 5))
def test_whichever_side_is_killed_at_any_step(
    pods: tuple[Pod, Pod], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    leaves, stays = pods
    before = leaves.messages()
    with killed_at(monkeypatch, step) as dead, contextlib.suppress(Killed):
        asyncio.run(handed_over(leaves, stays, seconds=0.2))
    assert dead() or not leaves.messages()
    leaves.begin()
    stays.begin()
    assert asyncio.run(handed_over(leaves, stays)) == 0
    assert (leaves.messages(), stays.messages()) == ([], before)


def test_a_sibling_that_dies_before_it_answers_is_asked_again_and_keeps_one(
    pods: tuple[Pod, Pod], monkeypatch: pytest.MonkeyPatch
) -> None:
    leaves, stays = pods
    before, real, calls = leaves.messages(), Landing.take, list[int]()

    def dies(self: Landing, parcel: object) -> object:
        landed = real(self, parcel)  # type: ignore[arg-type]
        calls.append(1)
        if len(calls) <= 5:
            raise ConnectionResetError("the pod is gone, the message is on its disk")
        return landed

    monkeypatch.setattr(Landing, "take", dies)
    assert asyncio.run(handed_over(leaves, stays)) == 0
    assert stays.messages() == before and len(calls) == 14


def test_no_sibling_in_time_and_the_rest_lies_on_the_volume_until_a_pod_comes(pods: tuple[Pod, Pod]) -> None:
    leaves, comes = pods
    before = leaves.messages()
    now = [0.0]

    def steady() -> float:
        now[0] += 1
        return now[0]

    assert asyncio.run(leaves.leave(fixed(), give_until=30, export_until=1e9, steady=steady)) == 0
    assert (leaves.messages(), len(leaves.exports.waiting())) == ([], 9)
    assert any("wait for a sibling: no other pod of the campaign is ready" in text for text in leaves.said)
    assert leaves.said[-1] == "0 messages went to siblings, 9 onto the volume, 0 are left here"
    comes.exports.take_in(comes.landing, comes.tally, comes.said.append)
    assert (comes.messages(), comes.exports.waiting(), comes.tally.imported) == (before, [], 9)


def test_a_sibling_that_comes_late_gets_it(pods: tuple[Pod, Pod]) -> None:
    leaves, stays = pods

    async def run() -> int:
        port = await stays.listener.listen("127.0.0.1", 0)
        looks = iter([[], [("127.0.0.1", 1)], [("127.0.0.1", port)]])

        async def resolve() -> list[Address]:
            return next(looks, [("127.0.0.1", port)])

        async with asyncio.timeout(20):
            left = await leaves.leave(resolve)
        stays.listener.close()
        return left

    assert asyncio.run(run()) == 0
    assert len(stays.messages()) == 9 and leaves.tally.exported == 0


def test_without_sibling_volume_or_key_everything_stays_and_it_is_said(
    pods: tuple[Pod, Pod], monkeypatch: pytest.MonkeyPatch
) -> None:
    leaves, _ = pods
    assert asyncio.run(leaves.leave(fixed(), give_until=0, export=False)) == 9

    def none() -> bytes:
        raise KeyUnavailable("handover_key can't be read")

    monkeypatch.setattr(leaves.exports, "_key", none)
    assert asyncio.run(leaves.leave(fixed(), give_until=0)) == 9
    assert leaves.said[-1].endswith("9 are left here") and "handover_key can't be read" in leaves.said[-2]
    monkeypatch.setattr(leaves.exports, "_key", lambda: KEY)
    assert asyncio.run(leaves.leave(fixed(), give_until=0, export_until=0)) == 9, "time is over"
