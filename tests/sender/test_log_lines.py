"""The parser against lines that Postfix 3.7.11 wrote (`data/mail.log`, from a run of the image) and variants."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sender.gate.counts import IDS_KEPT, Counts
from services.sender.gate.log_lines import Contacted, Delivery, Outcome, Queued, Refused, Started, Unparsed, parse

DATA = Path(__file__).parent / "data"
HEAD = "Nov  4 11:20:31 amber postfix/"


def counted(lines: list[str]) -> Counts:
    counts = Counts()
    for line in lines:
        counts.add(parse(line))
    return counts


def test_real_log_is_counted_as_the_run_was_made() -> None:
    lines = (DATA / "mail.log").read_text().splitlines()
    counts = counted(lines)
    counts.arrived({event.queue_id for event in map(parse, lines) if isinstance(event, Queued)})
    seen = {key: count for key, count in counts.deliveries.items() if count}
    assert seen == {
        ("delivered", "other"): 4,
        ("delivered", "gmail"): 1,
        ("deferred", "other"): 1,
        ("bounced", "other"): 2,
    }, "two bounces of the campaign's mail; the two notices about them bounced as well and are no mail of the campaign"
    assert counts.submissions == {"accepted": 7, "rejected": 9, "authentication_failed": 2}, (
        "seven messages were handed over; four more attempts named a recipient and gave up before DATA"
    )
    assert {name: count for name, count in counts.bounces.items() if count} == {
        "invalid-recipient": 1,
        "bad-domain": 1,
    }
    assert counts.unparsed == 0, "every line of a real log is known"


@pytest.mark.parametrize(
    ("text", "event"),
    [
        (
            "smtp[7]: 4jYgMz2Gnyzm: to=<A@Hotmail.COM>, orig_to=<b@x.test>, relay=mx.Hotmail.com[203.0.113.9]:25,"
            " conn_use=2, delay=1.2, delays=0/0/1e-3/1.2, dsn=2.1.5, status=sent (250 2.1.5 Ok)",
            Delivery(
                "4jYgMz2Gnyzm", Outcome.DELIVERED, "hotmail.com", "mx.hotmail.com", "2.1.5", None, "(250 2.1.5 Ok)"
            ),
        ),
        (
            "error[7]: 4jYgMz2Gnyzm: to=<a@b.test>, relay=none, delay=0, delays=0/0/0/0, dsn=5.1.1,"
            " status=bounced (no)",
            Delivery("4jYgMz2Gnyzm", Outcome.BOUNCED, "b.test", None, "5.1.1", None, "(no)"),
        ),
        (
            "smtp[7]: 4jYgMz2Gnyzm: to=<a@b.test>, relay=mx.b.test[203.0.113.9]:25, delay=0, delays=0/0/0/0, dsn=4.7.0,"
            " status=deferred (host mx.b.test[203.0.113.9] refused to talk to me: 421 4.7.0 [TSS04] deferred)",
            Delivery(
                *("4jYgMz2Gnyzm", Outcome.DEFERRED, "b.test", "mx.b.test", "4.7.0", 421),
                "(host mx.b.test[203.0.113.9] refused to talk to me: 421 4.7.0 [TSS04] deferred)",
            ),
        ),
        (
            "smtpd[7]: 4jYgMz2Gnyzm: client=a.test[10.1.2.3], sasl_method=PLAIN, sasl_username=c",
            Started("4jYgMz2Gnyzm"),
        ),
        ("smtpd[7]: warning: a.test[10.1.2.3]: SASL LOGIN authentication failed: x", Refused("authentication_failed")),
        ("qmgr[7]: 4jYgMz2Gnyzm: from=<>, size=1, nrcpt=1 (queue active)", Queued("4jYgMz2Gnyzm", True)),
        ("qmgr[7]: 4jYgMz2Gnyzm: from=<a@b.test>, status=expired, returned to sender", None),
        ("smtp[7]: connect to mx.b.test[203.0.113.99]:25: Connection timed out", None),
        (
            "smtp[7]: 4jYgMz2Gnyzm: host mx.b.test[203.0.113.9] said: 451 status=odd (in reply to DATA)",
            Contacted("4jYgMz2Gnyzm"),
        ),
        (
            "smtp[7]: 4jYgMz2Gnyzm: to=<a@b.test>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0,"
            " status=deliverable (x)",
            None,
        ),
    ],
)
def test_variants(text: str, event: object) -> None:
    assert parse(HEAD + text) == event


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a line of another program",
        HEAD + "smtp[7]: 4jYgMz2Gnyzm: to=<a@b.test>, status=sent",
        HEAD + "smtp[7]: 4jYgMz2Gnyzm: to=<a@b.test>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=new (x)",
    ],
)
def test_what_is_not_understood_is_counted_and_never_guessed(line: str) -> None:
    assert parse(line) == Unparsed(line)


def test_recipient_can_not_forge_an_outcome() -> None:
    forged = "smtp[7]: 4jYgMz2Gnyzm: to=<x, status=bounced (y@b.test>, relay=mx.b.test[203.0.113.9]:25, delay=0,"
    line = HEAD + forged + " delays=0/0/0/0, dsn=2.0.0, status=sent (250 status=bounced)"
    event = parse(line)
    assert isinstance(event, Delivery)
    assert event.outcome is Outcome.DELIVERED, "the state comes from Postfix' own field, not from an address or a reply"


@given(st.text(alphabet=st.characters(blacklist_characters="\n\r")))
def test_any_text_gives_an_event_or_none(text: str) -> None:
    parse(HEAD + "smtp[7]: " + text)
    parse(HEAD + "smtpd[7]: " + text)
    parse(text)


def test_remembered_queue_ids_are_bounded() -> None:
    counts = Counts()
    for number in range(3 * IDS_KEPT):
        counts.add(Started(f"S{number:08}"))
        counts.add(Queued(f"N{number:08}", True))
    assert len(counts.started) == len(counts.notices) == IDS_KEPT


def test_counts_survive_being_saved() -> None:
    counts = counted((DATA / "mail.log").read_text().splitlines())
    assert Counts.from_json(counts.to_json()) == counts
