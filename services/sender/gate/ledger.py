"""The store as the gate's release of mail uses it. Every method blocks; run them in a thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event
from sqlalchemy.exc import SQLAlchemyError

from services.store import database, lanes, mounted, tokens
from services.store.database import StoreUnavailable, transaction
from services.store.pacer import Pacer, Token
from services.store.roles import campaign_role
from warmlane.pacing.caps import Caps
from warmlane.pacing.history import History
from warmlane.pacing.moments import Moment


def mounted_engine(campaign: str) -> Engine:
    """The campaign's connections to the platform's store."""
    return mounted.mounted_engine(campaign_role(campaign))


@contextmanager
def _closing() -> Iterator[None]:
    # A store that was restored, or is being migrated, refuses in other words than one that is away. Neither ends the
    # gate, which would take admission with it.
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"the store refuses what it is asked: {error}") from error


class Ledger:
    """One lane's tokens, history and sessions, for one replica."""

    def __init__(
        self, engine: Engine, lane: str, day_length: int, replica: str, make: Callable[..., Pacer] = Pacer
    ) -> None:
        self._engine, self._lane, self._replica = engine, lane, replica
        self.answered = time.monotonic()
        """When the store last answered a statement, whosever; seconds of the monotonic clock."""
        event.listen(engine, "after_cursor_execute", self._statement_answered)
        self._pacer = make(engine, lane, day_length=day_length)

    def _statement_answered(self, *_: object) -> None:
        self.answered = time.monotonic()

    def moment(self) -> Moment:
        """Where this moment lies in the sending day. Does not block."""
        return self._pacer.moment()

    @_closing()
    def now(self) -> float:
        """Seconds since 1970 UTC by the store's clock or by this process' own, which nobody sets: the earlier one.

        Raises StoreUnavailable.
        """
        with transaction(self._engine) as connection:
            return min(self._pacer.now(), database.clock(connection))

    @_closing()
    def history(self, day: int) -> History:
        """The lane on the morning of a day. Raises StoreUnavailable, LaneUnknown."""
        with transaction(self._engine) as connection:
            return lanes.lane_history(connection, self._lane, day)

    @_closing()
    def take(self, provider: str, caps: Caps) -> Token | None:
        """A token, or None for now. Raises StoreUnavailable, ClocksDisagree, LaneUnknown."""
        return self._pacer.take(provider, caps)

    @_closing()
    def put_back(self, token: Token) -> None:
        """Gives a token back. Raises StoreUnavailable; it is then lost."""
        self._pacer.put_back(token)

    @_closing()
    def delivered(self, day: int, messages: int) -> None:
        """Books messages that providers took. Raises StoreUnavailable; it is then not known whether they are booked."""
        with transaction(self._engine) as connection:
            lanes.record_delivered(connection, self._lane, day, messages)

    @_closing()
    def share(self, provider: str, cap: int, open_now: int, wanted: int) -> int:
        """Sessions that this replica may have open at a provider. Raises StoreUnavailable, LaneUnknown."""
        with transaction(self._engine) as connection:
            return tokens.share_sessions(
                connection,
                self._lane,
                provider,
                self._replica,
                cap=cap,
                open_now=open_now,
                wanted=wanted,
                now=database.clock(connection),
            )

    @_closing()
    def give_up(self, provider: str) -> None:
        """Gives back the share of a provider's sessions, which are closed. Raises StoreUnavailable."""
        with transaction(self._engine) as connection:
            tokens.drop_sessions(connection, self._lane, provider, self._replica)

    @_closing()
    def close(self, providers: Iterable[str]) -> None:
        """Gives back what is left of the tokens, and the shares of these providers' sessions, which are closed.

        Raises StoreUnavailable; the tokens are then lost, and the shares end by themselves.
        """
        self._pacer.close()
        with transaction(self._engine) as connection:
            for provider in providers:
                tokens.drop_sessions(connection, self._lane, provider, self._replica)
