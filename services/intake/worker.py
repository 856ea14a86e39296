"""Works off the spool: what a report is, whose it is, and its booking. It may die between any two steps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from services.intake.counts import Counts, Outcome
from services.intake.settings import Keys, KeysUnavailable
from services.intake.spool import Spool, Spooled
from services.store.database import StoreUnavailable, transaction
from services.store.returns import Booking, Came, Counted, Mailed, book, forget, mailed, totals
from services.store.suppressions import Kind
from warmlane.returns import token
from warmlane.returns.arf import COMPLAINTS, Complaint, Feedback
from warmlane.returns.dsn import Action, Bounce
from warmlane.returns.replies import RECIPIENT_GONE, ReplyClass, classify
from warmlane.returns.report import AutoReply, Report, Unparseable, read
from warmlane.returns.token import ForgedToken

LOOK_EVERY = 1.0
"""Seconds between two looks at the spool while nothing arrives."""
FORGET_EVERY = 3600.0
"""Seconds between two removals of old tokens."""
LONGEST_PAUSE = 30.0
"""Seconds between two tries of a store that is away; the first is after LOOK_EVERY, then twice as long each time."""


@dataclass(frozen=True)
class _Entry:
    """What is to be booked."""

    came: Came
    class_: str
    suppressing: Kind | None


class Worker:
    """The one worker of a spool; `clock` gives seconds since 1970 UTC."""

    def __init__(
        self, spool: Spool, engine: Engine, keys: Keys, counts: Counts, clock: Callable[[], float] = time.time
    ) -> None:
        self._spool, self._engine, self._keys, self._counts, self._clock = spool, engine, keys, counts, clock
        self._begun = False
        self._forgot = float("-inf")
        self.trouble = ""
        """Why reports wait; empty while they don't."""

    def run(self, stop: threading.Event) -> None:
        """Works until it is told to stop; what is under way is finished."""
        pause = LOOK_EVERY
        while not stop.is_set():
            self._spool.arrived.clear()
            if self.look(stop):
                pause = LOOK_EVERY
                self._spool.arrived.wait(LOOK_EVERY)
            else:
                stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def look(self, stop: threading.Event | None = None) -> bool:
        """Works off what waits, the oldest first. False when store, keys or disk are away: then the rest waits."""
        said = self.trouble
        try:
            self._begin()
            for name in self._spool.waiting():
                if stop is not None and stop.is_set():
                    break
                self._work(name)
            self.trouble = ""
        except (StoreUnavailable, SQLAlchemyError, KeysUnavailable, OSError) as error:
            # It is not known whether the last booking was made: the figures are read anew.
            self._begun = False
            # The first line only: a statement may follow.
            self.trouble = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        if self.trouble and self.trouble != said:
            print(f"intake: reports wait in the spool: {self.trouble}", flush=True)
        return not self.trouble

    def _begin(self) -> None:
        if not self._begun:
            with transaction(self._engine) as connection:
                self._counts.begin(totals(connection))
            self._begun = True
        if self._clock() - self._forgot >= FORGET_EVERY:
            with transaction(self._engine) as connection:
                forget(connection, int(self._clock()))
            self._forgot = self._clock()

    def _work(self, name: str) -> None:
        try:
            spooled = self._spool.read(name)
        except (ValueError, KeyError, TypeError):
            self._keep(name, "damaged", "")
            return
        report = read(spooled.content)
        text = self._token(spooled, report)
        if text is None:
            self._done(name, Outcome.FORGED)
        elif not text:
            self._keep(name, "no-token", "")
        elif isinstance(report, AutoReply):
            self._done(name, Outcome.AUTO_REPLY)
        elif isinstance(report, Unparseable):
            self._keep(name, "unparseable", text)
        elif isinstance(report, Complaint) and report.feedback is Feedback.OTHER:
            self._keep(name, "other-feedback", text)
        elif isinstance(report, Bounce) and report.action is not Action.FAILED:
            self._done(name, Outcome.NOTICE)
        else:
            self._done(name, self._book(spooled, token.verified(self._keys(), text), report))

    def _token(self, spooled: Spooled, report: Report) -> str | None:
        """Whose report it is: by its recipient, else by the message that it shows. Empty if nothing says it.

        None if all that says it is forged.
        """
        if spooled.token:
            return spooled.token
        shown = report.tokens if isinstance(report, Bounce | Complaint) else ()
        for text in shown:
            try:
                token.verified(self._keys(), text)
                return text
            except ForgedToken:
                continue
        return None if shown else ""

    def _book(self, spooled: Spooled, id_: bytes, report: Bounce | Complaint) -> Outcome:
        with transaction(self._engine) as connection:
            about = mailed(connection, id_)
            if about is None:
                return Outcome.EXPIRED
            entry = _entry(report, about)
            now = int(self._clock())
            done = book(connection, id_, entry.came, entry.class_, entry.suppressing, spooled.name, now)
        if done is Booking.BOOKED:
            self._counts.booked(Counted(about.campaign, about.lane, about.provider, entry.came, entry.class_))
        return _OUTCOMES[done]

    def _done(self, name: str, outcome: Outcome) -> None:
        # Counted first, so that figures of an empty spool are whole.
        self._counts.outcome(outcome)
        self._spool.remove(name)

    def _keep(self, name: str, reason: str, text: str) -> None:
        kept = self._spool.keep(name, reason, text)
        self._counts.outcome(Outcome.KEPT if kept else Outcome.SURPLUS)


_OUTCOMES = {
    Booking.BOOKED: Outcome.BOOKED,
    # Booked by a process that died before it removed the report.
    Booking.AGAIN: Outcome.BOOKED,
    Booking.REPLAYED: Outcome.REPLAYED,
    Booking.UNKNOWN: Outcome.EXPIRED,
}


def _entry(report: Bounce | Complaint, about: Mailed) -> _Entry:
    """How a report is booked. A recipient is suppressed by a complaint, or by a permanent failure that is his own."""
    if isinstance(report, Complaint):
        if report.feedback in COMPLAINTS:
            return _Entry(Came.COMPLAINT, report.feedback.value, Kind.COMPLAINT)
        return _Entry(Came.NOT_SPAM, report.feedback.value, None)
    found = classify(about.provider, report.code, report.status, report.diagnostic)
    return _Entry(Came.BOUNCE, found.value, Kind.HARD_BOUNCE if _is_hard(report, found) else None)


def _is_hard(report: Bounce, found: ReplyClass) -> bool:
    if found not in RECIPIENT_GONE:
        return False
    return report.status.startswith("5") if report.status else report.code is not None and report.code >= 500
