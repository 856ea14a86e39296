"""A world for pacing: true time, clocks that people set, replicas that die, and receivers that count."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import Engine

from services.store import lanes
from services.store.database import StoreUnavailable, database, transaction
from services.store.pacer import ClocksDisagree, Pacer, Token
from services.store.tables import Base as Tables
from warmlane.pacing.caps import Caps, block_size, hour_end
from warmlane.pacing.history import Base
from warmlane.pacing.moments import Moment, moment

LANE = "amber"


def store_in_memory() -> Engine:
    """An SQLite store with the lane, for one thread."""
    engine = database("sqlite://")
    Tables.metadata.create_all(engine)
    with transaction(engine) as connection:
        lanes.register(connection, LANE, Base())
    return engine


@dataclass
class World:
    """Time in seconds since 1970 UTC. `wall_off` and `store_off` are how wrong the clocks of machines and store are."""

    engine: Engine
    now: float
    wall_off: float = 0.0
    store_off: float = 0.0
    store_away: bool = False
    lost_at_most: int = 0
    """Tokens that replicas which died may have taken with them."""
    sent: Counter[tuple[int, int, str]] = field(default_factory=Counter)
    """What the receivers count, by day, hour and provider of true time."""

    def replica(self) -> Pacer:
        """A replica that starts now, with whatever its machine's clock says."""
        return Pacer(
            self.engine,
            LANE,
            wall=lambda: self.now + self.wall_off,
            boot=lambda: self.now - 1_000_000_000,
            store_clock=lambda _: self.stores_clock(),
        )

    def stores_clock(self) -> float:
        """What the store's clock tells. Raises StoreUnavailable while the store is away."""
        if self.store_away:
            raise StoreUnavailable("the store is away in this world")
        return self.now + self.store_off

    def moment(self) -> Moment:
        """Where true time lies in the sending day."""
        return moment(self.now)

    def send(self, replica: Pacer, provider: str, caps: Caps) -> Token | None:
        """One delivery attempt, if there is a token for it; checks every cap by the receivers' counts."""
        with suppress(ClocksDisagree, StoreUnavailable):
            token = replica.take(provider, caps)
            if token is None:
                return None
            at = self.moment()
            self.sent[at.day, at.hour, provider] += 1
            self.check(at, provider, caps)
            return token
        return None

    def check(self, at: Moment, provider: str, caps: Caps) -> None:
        """Raises AssertionError when the day so far is over a cap."""
        today = [(key, count) for key, count in self.sent.items() if key[0] == at.day and key[1] <= at.hour]
        lane = sum(count for _, count in today)
        there = sum(count for key, count in today if key[2] == provider)
        assert lane <= hour_end(caps.lane, at.hour), f"{lane} sent by hour {at.hour} of day {at.day}"
        assert there <= hour_end(caps.provider, at.hour), f"{there} sent to {provider} by hour {at.hour}"
        if caps.provider_hour is not None:
            assert self.sent[at.day, at.hour, provider] <= caps.provider_hour, f"hour {at.hour}: {provider} is over"

    def lose(self, providers: dict[str, Caps]) -> None:
        """A replica dies with the blocks that it holds."""
        self.lost_at_most += sum(block_size(caps) for caps in providers.values())
