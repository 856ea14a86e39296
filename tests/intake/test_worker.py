"""A report counts for its message's campaign, lane, provider and day, once; its recipient alone is suppressed."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from services.intake import worker as workers
from services.intake.counts import Outcome
from services.intake.settings import KeysUnavailable
from services.store import returns
from services.store.database import StoreUnavailable
from services.store.returns import Mailed
from tests.intake.world import DAY, Desk, mail, of, token_of
from tests.returns.samples import FEEDBACK, complaint, dsn, plain, wrapped
from warmlane.returns import token
from warmlane.returns.token import TokenKeys

ROW = ("receipts", "amber", "gmail", DAY)
DAY_SECONDS = 86_400


def answered(answer: str, status: str = "5.0.0", action: str = "failed") -> bytes:
    """A bounce by what the receiver said."""
    return dsn(f"Reporting-MTA: dns; x\n\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {answer}\n")


def test_a_hard_bounce_is_booked_and_suppresses_for_every_campaign(desk: Desk) -> None:
    mail(desk.engine, range(3))
    assert desk.work(dsn(), 1) == "booked"
    assert desk.booked() == [(*ROW, "bounce", "invalid-recipient", 1)]
    assert desk.suppressed(range(3)) == {1}


@pytest.mark.parametrize(
    ("message", "class_", "suppresses"),
    [
        (answered("550 5.2.1 mailbox disabled"), "inactive-mailbox", True),
        (answered("550 5.1.2 Host not found"), "bad-domain", True),
        (answered("552 5.2.2 over quota"), "quota", False),
        (answered("550 5.7.1 blocked: spam"), "spam", False),
        (answered("550 5.7.26 unauthenticated"), "authentication", False),
        (answered("550 nobody understands this"), "unknown", False),
        (answered("450 4.1.1 user unknown", "4.1.1"), "invalid-recipient", False),
        (answered("", "4.4.7"), "expired", False),
        (plain("Delivery failed: 550 5.1.1 User unknown"), "invalid-recipient", True),
    ],
)
def test_a_bounce_suppresses_only_by_a_permanent_failure_of_the_recipients_own(
    desk: Desk, message: bytes, class_: str, suppresses: bool
) -> None:
    mail(desk.engine, [1])
    assert desk.work(message, 1) == "booked"
    assert desk.booked() == [(*ROW, "bounce", class_, 1)]
    assert desk.suppressed([1]) == ({1} if suppresses else set())


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        (answered("450 4.4.1 later", "4.4.1", "delayed"), "notice"),
        (answered("250 2.0.0 Ok", "2.0.0", "delivered"), "notice"),
        (b"Auto-Submitted: auto-replied\n" + plain("away", sender="a@mailbox.example"), "auto-reply"),
        (plain("What is this?", sender="a@mailbox.example"), "kept"),
        (complaint(FEEDBACK.replace("abuse", "dmarc", 1)), "kept"),
        (b"", "kept"),
    ],
)
def test_what_is_no_failure_and_no_complaint_counts_nothing(desk: Desk, message: bytes, outcome: str) -> None:
    mail(desk.engine, [1])
    assert desk.work(message, 1) == outcome
    assert desk.booked() == [] and desk.suppressed([1]) == set()


def test_a_complaint_suppresses_and_not_spam_is_the_opposite(desk: Desk) -> None:
    mail(desk.engine, [1, 2])
    assert desk.work(complaint(), 1) == desk.work(complaint(FEEDBACK.replace("abuse", "not-spam")), 2) == "booked"
    assert desk.booked() == [(*ROW, "complaint", "abuse", 1), (*ROW, "not-spam", "not-spam", 1)]
    assert desk.suppressed([1, 2]) == {1}


@pytest.mark.parametrize("message", [complaint(), wrapped(complaint()), dsn(), wrapped(dsn())])
def test_mail_to_people_that_is_a_report_is_known_by_the_message_that_it_shows(desk: Desk, message: bytes) -> None:
    mail(desk.engine, [1])
    assert desk.work(of(message, 1)) == "booked"
    assert desk.suppressed([1]) == {1}


def test_forged_reports_count_as_forged_and_suppress_nobody(desk: Desk) -> None:
    mail(desk.engine, range(50))
    forged = token.signed(TokenKeys(b"x" * 32), b"fourteen bytes")
    real = token.signed(TokenKeys(b"k" * 32), b"fourteen bytes")
    for number in range(50):
        message = (complaint() if number % 2 else dsn()).replace(real.encode(), forged.encode())
        desk.put(message)
    assert desk.worker.look()
    assert desk.outcomes() == {"forged": 50}
    assert desk.booked() == [] and desk.suppressed(range(50)) == set()


def test_a_replayed_token_counts_once_for_each_kind(desk: Desk) -> None:
    mail(desk.engine, [1])
    said = [desk.work(message, 1) for message in (dsn(), dsn(), plain("550 5.1.1 failed to deliver: undeliverable"))]
    assert said == ["booked", "replayed", "replayed"]
    assert [desk.work(complaint(), 1) for _ in range(3)] == ["booked", "replayed", "replayed"]
    assert [row[-1] for row in desk.booked()] == [1, 1]


def test_truncated_and_damaged_reports_never_count_for_another_message(desk: Desk) -> None:
    mail(desk.engine, range(4))
    hand = random.Random(7)
    for _ in range(100):
        message = of(hand.choice([dsn(), complaint(), wrapped(dsn())]), 1)
        at = hand.randrange(len(message))
        desk.put(message[:at] + hand.randbytes(hand.randrange(20)), hand.choice([token_of(1), ""]))
    assert desk.worker.look()
    assert sum(desk.outcomes().values()) == 100 and not desk.spool.waiting()
    assert all(row[-1] == 1 for row in desk.booked()) and desk.suppressed(range(4)) <= {1}


def test_thirty_days_after_the_campaign_it_still_counts_and_after_36_it_has_expired(desk: Desk) -> None:
    ended = Mailed("ended", "birch", "yahoo", DAY)
    # The server removes nothing that is young by its own clock.
    desk.now = int(time.time())
    mail(desk.engine, [1], ended, sent=desk.now - 31 * DAY_SECONDS)
    mail(desk.engine, [2], ended, sent=desk.now - 36 * DAY_SECONDS)
    assert desk.work(dsn(), 1) == "booked"
    assert desk.work(dsn(), 2) == "expired"
    assert desk.booked() == [("ended", "birch", "yahoo", DAY, "bounce", "invalid-recipient", 1)]


def test_while_the_store_is_down_reports_wait(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    mail(desk.engine, range(20))
    with monkeypatch.context() as patch:

        def down(*_: object) -> None:
            raise OperationalError("connect", {}, Exception("it is away"))

        patch.setattr(workers, "mailed", down)
        for number in range(20):
            desk.put(dsn(), token_of(number))
        assert not desk.worker.look() and "does not answer" in desk.worker.trouble
        assert len(desk.spool.waiting()) == 20
    assert desk.worker.look() and desk.worker.trouble == ""
    assert desk.outcomes() == {"booked": 20} and desk.suppressed(range(20)) == set(range(20))


def test_without_keys_reports_wait(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> TokenKeys:
        raise KeysUnavailable("no file")

    mail(desk.engine, [1])
    monkeypatch.setattr(desk.worker, "_keys", away)
    desk.put(dsn(), token_of(1))
    assert not desk.worker.look() and len(desk.spool.waiting()) == 1


class Killed(BaseException):
    """The process ends here."""


def killed(*_: object, **__: object) -> None:
    raise Killed


STEPS = {
    "before-it-is-read": (workers.Spool, "read"),
    "before-it-is-understood": (workers, "read"),
    "before-it-is-looked-up": (workers, "mailed"),
    "before-it-is-booked": (workers, "book"),
    "within-the-booking": (returns, "suppress"),
    "before-the-figures": (workers.Counts, "booked"),
    "before-it-is-removed": (workers.Spool, "remove"),
    "before-the-outcome": (workers.Counts, "outcome"),
}


@pytest.mark.parametrize("step", STEPS)
def test_killed_between_two_steps_it_books_once_after_the_next_start(
    desk: Desk, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail(desk.engine, [1])
    desk.put(dsn(), token_of(1))
    postgresql = desk.engine.dialect.name == "postgresql"
    if not (postgresql and step == "within-the-booking"):
        # On PostgreSQL the booking is one statement of the server's.
        with monkeypatch.context() as patch:
            patch.setattr(*STEPS[step], killed)
            with pytest.raises(Killed):
                desk.worker.look()
    desk.begin()
    assert desk.worker.look()
    assert not desk.spool.waiting()
    assert desk.booked() == [(*ROW, "bounce", "invalid-recipient", 1)]
    assert desk.suppressed([1]) == {1}
    assert [count for count in desk.counts.copy()[4].values()] == [1], "the figures agree with the store"
    assert "replayed" not in desk.outcomes()


def test_a_booking_of_which_the_answer_was_lost_counts_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    mail(desk.engine, [1])
    desk.put(dsn(), token_of(1))
    real = workers.Worker._book

    def lost(*arguments: Any) -> Outcome:
        real(*arguments)
        raise StoreUnavailable("the answer was lost")

    with monkeypatch.context() as patch:
        patch.setattr(workers.Worker, "_book", lost)
        assert not desk.worker.look()
    assert desk.worker.look()
    assert [row[-1] for row in desk.booked()] == [1]
    assert [count for count in desk.counts.copy()[4].values()] == [1]
    assert desk.outcomes() == {"booked": 1}


def test_who_has_a_token_can_not_fill_the_disk_with_it(desk: Desk) -> None:
    mail(desk.engine, [1, 2])
    for _ in range(10):
        desk.put(plain("junk", sender="a@mailbox.example"), token_of(1))
    desk.put(plain("junk", sender="a@mailbox.example"), token_of(2))
    assert desk.worker.look()
    assert desk.outcomes() == {"kept": 4, "surplus": 7}
    assert len(list(desk.spool.kept.iterdir())) == 4


def test_what_a_person_reads_is_whole_and_says_why(desk: Desk) -> None:
    name = desk.spool.put("", plain("Dear postmaster"), {"source": "192.0.2.7"})
    assert desk.worker.look()
    (kept,) = desk.spool.kept.iterdir()
    assert kept.name == f"{name}.no-token.none"
    head, _, message = kept.read_bytes().partition(b"\n")
    assert b"192.0.2.7" in head and message == plain("Dear postmaster")


def test_a_file_that_was_damaged_is_kept_and_the_others_go_on(desk: Desk) -> None:
    mail(desk.engine, [1])
    damaged = desk.put(dsn(), token_of(1))
    (desk.root / "new" / damaged).write_bytes(b"\xff\xfe")
    desk.put(dsn(), token_of(1))
    assert desk.worker.look()
    assert desk.outcomes() == {"booked": 1, "kept": 1}
