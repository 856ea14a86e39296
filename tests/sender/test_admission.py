"""The gate's answers to Postfix: right ones to right questions, and never a way through for anything else."""

from __future__ import annotations

import asyncio
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.settings import REPOSITORY
from services.sender.gate import admission
from services.sender.gate.admission import BUCKETS, PASS, REASONS, Decisions
from services.sender.gate.backlog import KEPT_FREE, Backlog
from tests.sender.admission_world import KEYS, NOON, TODAY, World, answered, connected, request, within
from warmlane.recipients.address import parse
from warmlane.recipients.verdict import DEFERRALS, REFUSALS

REFUSAL = re.compile(r"[45]\d\d [45]\.\d{1,3}\.\d{1,3} [ -~]+")


@pytest.mark.parametrize(
    ("recipient", "answer"),
    [
        ("user@shop.test", PASS),
        ("info@shop.test", PASS),
        ("nobody", "501 5.1.3"),
        ("abuse@shop.test", "550 5.7.1"),
        ("user@mailinator.com", "550 5.7.1"),
        ("user@gone.test", "550 5.1.2"),
        ("user@gmal.com", "550 5.1.2"),
        ("user@unknown.test", "451 4.4.3"),
        ("jürgen@bücher.test", PASS),
    ],
)
def test_the_checks_of_a_recipient_are_told_to_postfix(recipient: str, answer: str) -> None:
    told = answered(World(), request(recipient))
    assert told.startswith(answer) and (told == PASS or REFUSAL.fullmatch(told))


def test_a_typo_is_suggested_and_never_corrected() -> None:
    assert "Did you mean gmail.com?" in answered(World(), request("user@gmal.com"))


def test_octets_that_are_no_utf_8_are_no_address() -> None:
    assert answered(World(), request("x").replace(b"recipient=x\n", b"recipient=\xff@shop.test\n")).startswith("501")


@pytest.mark.parametrize(
    "spelling",
    [
        "User@Bücher.test",
        "USER@xn--bcher-kva.test",
        "user@BÜCHER.TEST",
        "uSeR@XN--BCHER-KVA.test",
        "user@bu\u0308cher.test",
    ],
)
def test_every_spelling_of_a_suppressed_recipient_is_refused(spelling: str) -> None:
    world = World({KEYS.written(parse("user@bücher.test"))})
    assert answered(world, request(spelling)).startswith("550 5.7.1 The recipient is suppressed")


def test_canonically_equal_local_parts_are_one_recipient() -> None:
    world = World({KEYS.written(parse("jos\u00e9@shop.test"))})
    assert answered(world, request("JOSE\u0301@shop.test")).startswith("550 5.7.1")


def test_a_recipient_under_the_key_before_is_still_refused() -> None:
    assert KEYS.previous
    world = World({KEYS.previous.hashed(parse("user@shop.test"))})
    assert answered(world, request("user@shop.test")).startswith("550 5.7.1")


def test_a_store_that_is_away_defers() -> None:
    assert answered(World(available=False), request("user@shop.test")).startswith("451 4.3.0")


def test_a_hold_defers_with_its_reason_and_asks_nobody() -> None:
    world = World(hold="complaints at 0.4 %\r\n250 fine")
    told = answered(world, request("user@shop.test"))
    assert told.startswith("451 4.7.1 The campaign is on hold: complaints at 0.4 %") and REFUSAL.fullmatch(told)
    assert world.asked == 0


def test_a_hold_does_not_keep_alive_what_never_will_pass() -> None:
    assert answered(World(hold="warm-up"), request("nobody")).startswith("501 5.1.3")


def test_a_hold_that_can_not_be_told_stands() -> None:
    def unreadable() -> str | None:
        raise OSError("the mirror can't be read")

    assert answered(World(), request("user@shop.test"), hold_stands=unreadable).startswith("451 4.3.0")


def test_a_full_backlog_defers_with_the_time_to_retry() -> None:
    told = answered(World(queued=25), request("user@shop.test"))
    assert told.startswith("451 4.3.1 The backlog is full: 25 messages wait here, and 25 may for the coming days.")
    assert told.endswith("Retry after 2024-10-05 00:00:00 UTC.")
    assert answered(World(queued=24), request("user@shop.test")) == PASS


@pytest.mark.parametrize(("size", "passes"), [("100", True), ("101", False), ("0", False), ("-5", False), ("", False)])
def test_a_producer_that_declares_the_size_of_its_mail_gets_the_rest_of_the_spool(size: str, passes: bool) -> None:
    backlog = Backlog(lambda: TODAY, lambda: 0, days=2, clock=lambda: NOON, space=KEPT_FREE + 100)

    async def run() -> None:
        async with connected(World().gatekeeper(backlog=backlog)) as client:
            assert await client.ask(request("user@shop.test", size=size)) == PASS
            second = await client.ask(request("user@shop.test", size=size))
            assert second == PASS if passes else second.startswith("451 4.3.1 The backlog is full")

    within(run)


def test_who_has_not_logged_in_learns_nothing_about_recipients() -> None:
    world = World({KEYS.written(parse("user@shop.test"))})
    assert answered(world, request("user@shop.test", user="")).startswith("550 5.7.1 Log in")
    assert world.asked == 0


def test_a_decision_that_takes_too_long_defers() -> None:
    assert answered(World(slow=5), request("user@shop.test"), deadline=0.05).startswith("451 4.3.0")


@pytest.mark.parametrize(
    "octets",
    [
        b"\n\n",
        b"recipient=user@shop.test\n\n",
        request("user@shop.test", request="junk"),
        request("user@shop.test", protocol_state="DATA"),
        request("user@shop.test").replace(b"recipient=", b"recipients="),
        request("user@shop.test").replace(b"sasl_username=", b"sasl_user="),
        request("user@shop.test").replace(b"size=1234", b"size"),
        b"recipient=other@shop.test\n" + request("user@shop.test"),
        request("user@shop.test").replace(b"\n", b"\r\n") + b"\n\n",
        b"x" * (2 * admission.REQUEST_LENGTH),
        b"x=" + b"y" * (2 * admission.REQUEST_LENGTH) + b"\n" + request("user@shop.test"),
    ],
)
def test_what_is_no_question_is_deferred_and_ends_the_connection(octets: bytes) -> None:
    async def run() -> None:
        async with connected(World().gatekeeper()) as client:
            assert (await client.ask(octets)).startswith("451 4.3.0")
            client.writer.write(request("user@shop.test"))
            assert await client.action() == "", "nothing after it can be trusted to begin a question"

    within(run)


@given(st.one_of(st.binary(), st.text().map(lambda text: text.encode(errors="surrogatepass"))), st.data())
def test_no_octets_that_are_no_question_get_through(octets: bytes, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(request("user@shop.test"))))
    whole = request("user@shop.test")
    for sent in (octets, octets + whole, whole[:position] + octets + whole[position:]):
        told, _ = asyncio.run(World(available=False).gatekeeper().answer(sent.removesuffix(b"\n\n")))
        assert REFUSAL.fullmatch(told), "without the suppression list nothing passes, whatever is asked"


@given(st.text())
def test_no_recipient_raises_or_breaks_the_answer(recipient: str) -> None:
    world = World()
    told, _ = asyncio.run(world.gatekeeper().answer(request(recipient.encode(errors="replace").decode()).rstrip(b"\n")))
    assert told == PASS or REFUSAL.fullmatch(told)
    assert not any("failed" in line for line in world.told)


@given(st.lists(st.sampled_from(["user@shop.test", "nobody", "u@gone.test"]), min_size=1, max_size=6), st.data())
def test_questions_are_answered_in_order_however_they_are_cut(recipients: list[str], data: st.DataObject) -> None:
    octets = b"".join(map(request, recipients))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(octets) - 1), max_size=8)))

    async def run() -> list[str]:
        async with connected(World().gatekeeper()) as client:
            for begin, end in zip([0, *cuts], [*cuts, len(octets)], strict=True):
                client.writer.write(octets[begin:end])
                await client.writer.drain()
                await asyncio.sleep(0)
            return [(await client.action())[:9] for _ in recipients]

    expected = {"user@shop.test": PASS, "nobody": "501 5.1.3", "u@gone.test": "550 5.1.2"}
    assert within(run) == [expected[recipient] for recipient in recipients]


def test_half_a_question_is_no_question() -> None:
    async def run() -> str:
        async with connected(World().gatekeeper()) as client:
            client.writer.write(request("user@shop.test")[:-1])
            client.writer.write_eof()
            return str(await client.action())

    assert within(run) == ""


def test_connections_beyond_the_bound_are_told_that_the_gate_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "CONNECTIONS", 1)

    async def run() -> tuple[str, str]:
        async with connected(World().gatekeeper()) as first:
            assert await first.ask(request("user@shop.test")) == PASS
            address = first.writer.get_extra_info("peername")
            reader, writer = await asyncio.open_connection(*address)
            said = (await reader.readline()).decode()
            writer.close()
            return said, str(await first.ask(request("user@shop.test")))

    busy, still = within(run)
    assert busy.startswith("action=451 4.3.2") and still == PASS


def test_decisions_are_counted_by_reason_and_time() -> None:
    world = World()
    gatekeeper = world.gatekeeper(clock=iter([0.0, 0.003, 5.0, 14.0]).__next__)
    asyncio.run(gatekeeper.answer(request("user@shop.test").rstrip(b"\n")))
    asyncio.run(gatekeeper.answer(b"junk"))
    counted = gatekeeper.decisions
    assert {reason: count for reason, count in counted.by_reason.items() if count} == {"valid": 1, "not-understood": 1}
    assert counted.latency.counts[BUCKETS.index(0.005)] == 1 and counted.latency.counts[-1] == 1
    assert counted.latency.total == pytest.approx(9.003)


def test_every_reason_begins_with_zero() -> None:
    assert Decisions().by_reason == dict.fromkeys(REASONS, 0)


def test_the_page_for_producers_knows_every_answer() -> None:
    page = (REPOSITORY / "docs/sender.md").read_text()
    checks = [f"{answer.reply} {answer.status}" for answer in (*REFUSALS.values(), *DEFERRALS.values())]
    own = [answer[:9] for answer in (admission.NOT_UNDERSTOOD, admission.TOO_LATE, admission.FAILED, admission.BUSY)]
    missing = {answer for answer in (*checks, *own, "451 4.7.1", "451 4.3.1") if answer not in page}
    assert missing == set()
