"""Tokens out of block leases, and a block's lease, on a PostgreSQL server of the bench's own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection, Engine

from bench.figures import Figure, interleaved
from lab import postgresql
from services.store import lanes
from services.store.database import clock, database, transaction
from services.store.migrate import upgrade
from services.store.pacer import Pacer
from warmlane.pacing.caps import Caps, block_size
from warmlane.pacing.history import Base
from warmlane.pacing.moments import UTC_DAY

EVENING = 20_001 * UTC_DAY - 1
"""The last second of a day, in which all of it may be taken."""
LARGE, SMALL = Caps(10_000_000, 10_000_000), Caps(100_000, 100_000)
TOKENS, SMALL_TOKENS, ROUNDS = 40_000, 2_000, 5
REPLICAS = 2
MICROSECONDS_AT_MOST = 100.0
"""10,000 tokens/s: a hundred times the mean of the largest lane, 10,000,000 messages/day."""
LEASE_MILLISECONDS_AT_MOST = 15.0
"""A block is a hundredth of an hour's cap, so that a day that is carried into its last hour takes 2,400 leases, one in
1.5 s: 15 ms let a hundred lanes do so at once."""


def measure() -> list[Figure]:
    """Microseconds a token of a large lane, milliseconds a lease of a small one with one replica and with more."""
    with postgresql.server() as server:
        engine = database(server.url(), connections=REPLICAS)
        upgrade(engine)
        large, small = _pacer(engine, "large"), _pacer(engine, "small")
        shared = [_pacer(engine, "shared", register=number == 0) for number in range(REPLICAS)]

        def replicas() -> None:
            with ThreadPoolExecutor(REPLICAS) as threads:
                list(threads.map(lambda pacer: _take(pacer, SMALL, SMALL_TOKENS), shared))

        actions = [lambda: _take(large, LARGE, TOKENS), lambda: _take(small, SMALL, SMALL_TOKENS), replicas]
        large_time, small_time, shared_time = interleaved(actions, ROUNDS)
        engine.dispose()
    token = large_time / TOKENS
    return [
        Figure(
            f"token out of blocks of {block_size(LARGE)} ({1 / token:,.0f}/s)", token * 1e6, MICROSECONDS_AT_MOST, "µs"
        ),
        _lease("one replica", small_time, SMALL_TOKENS),
        _lease(f"{REPLICAS} replicas on one lane", shared_time, REPLICAS * SMALL_TOKENS),
    ]


def _lease(who: str, seconds: float, tokens: int) -> Figure:
    """A block's lease: the time between two of them on the lane."""
    size = block_size(SMALL)
    each = seconds * size / tokens
    return Figure(f"lease of {size} tokens, {who} ({1 / each:,.0f}/s)", each * 1e3, LEASE_MILLISECONDS_AT_MOST, "ms")


def _pacer(engine: Engine, lane: str, register: bool = True) -> Pacer:
    if register:
        with transaction(engine) as connection:
            lanes.register(connection, lane, Base())

    def evening(connection: Connection) -> float:
        # The store's clock is asked as ever; only what it says is another time.
        clock(connection)
        return EVENING

    return Pacer(engine, lane, wall=lambda: EVENING, boot=lambda: 0.0, store_clock=evening)


def _take(pacer: Pacer, caps: Caps, tokens: int) -> None:
    for number in range(tokens):
        if pacer.take("gmail", caps) is None:
            raise RuntimeError(f"the lane's day of {caps.lane} was used up after {number} tokens of this round")
