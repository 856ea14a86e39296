"""The ledger against a simple model: whatever clocks, replicas and crashes do, receivers count at most the caps."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select

from services.store.database import transaction
from services.store.pacer import Pacer, Token
from services.store.tables import SendingHour
from tests.store.world import World, store_in_memory
from warmlane.pacing.caps import Caps
from warmlane.pacing.moments import UTC_DAY

MORNING = 20_000 * UTC_DAY
REPLICAS = st.integers(0, 1)
PROVIDERS = st.sampled_from(["gmail", "yahoo"])
AMOUNTS = st.integers(0, 20_000)
WRONG = st.sampled_from([0, 0, 0, -3600, 3600, -86_400, 86_400, 5 * 86_400, 300, -300])


class Ledger(RuleBasedStateMachine):
    """Two replicas of one lane, for a few days. The model is what the receivers of `World` count."""

    @initialize(lane=AMOUNTS, gmail=AMOUNTS, yahoo=AMOUNTS, hourly=st.none() | st.integers(0, 200))
    def begin(self, lane: int, gmail: int, yahoo: int, hourly: int | None) -> None:
        self.world = World(store_in_memory(), MORNING)
        self.caps = {"gmail": Caps(lane, min(lane, gmail), hourly), "yahoo": Caps(lane, min(lane, yahoo))}
        self.replicas: list[Pacer] = [self.world.replica(), self.world.replica()]
        self.told = {replica: {0} for replica in range(2)}
        self.unconnected: list[tuple[int, Token, tuple[int, int, str]]] = []

    @rule(replica=REPLICAS, provider=PROVIDERS, attempts=st.integers(1, 60))
    def send(self, replica: int, provider: str, attempts: int) -> None:
        for _ in range(attempts):
            if self.world.send(self.replicas[replica], provider, self.caps[provider]) is None:
                break

    @rule(replica=REPLICAS, provider=PROVIDERS)
    def fail_to_connect(self, replica: int, provider: str) -> None:
        at = self.world.moment()
        token = self.world.send(self.replicas[replica], provider, self.caps[provider])
        if token is not None:
            self.unconnected.append((replica, token, (at.day, at.hour, provider)))

    @rule()
    def put_back(self) -> None:
        for replica, token, counted in self.unconnected:
            self.replicas[replica].put_back(token)
            self.world.sent[counted] -= 1
        self.unconnected.clear()

    @rule(seconds=st.sampled_from([1, 60, 1800, 3600, 7200, 40_000, 86_400]))
    def time_passes(self, seconds: int) -> None:
        self.world.now += seconds

    @rule(off=WRONG)
    def set_the_machines_clock(self, off: int) -> None:
        self.world.wall_off = off
        # A replica whose clock was not confirmed yet may read it now.
        for told in self.told.values():
            told.add(off)
        if off == self.world.store_off:
            self.world.store_off = 0

    @rule(off=WRONG)
    def set_the_stores_clock(self, off: int) -> None:
        # Wrong in the same way as the clock that a replica goes by: nothing could tell.
        self.world.store_off = 0 if any(off in told for told in self.told.values()) else off

    @rule(replica=REPLICAS)
    def kill(self, replica: int) -> None:
        self.world.lose(self.caps)
        self._start(replica)

    @rule(replica=REPLICAS)
    def restart(self, replica: int) -> None:
        self.replicas[replica].close()
        self._start(replica)

    def _start(self, replica: int) -> None:
        # An attempt that was under way at the end keeps its token.
        self.unconnected = [each for each in self.unconnected if each[0] != replica]
        if self.world.wall_off == self.world.store_off:
            self.world.store_off = 0
        self.told[replica] = {self.world.wall_off}
        self.replicas[replica] = self.world.replica()

    @invariant()
    def the_store_has_counted_all_that_was_sent_and_little_more(self) -> None:
        if not hasattr(self, "world"):
            return
        with transaction(self.world.engine) as connection:
            counted = connection.scalar(select(func.coalesce(func.sum(SendingHour.tokens), 0)))
        sent = sum(self.world.sent.values())
        held = sum(max(caps.provider // 24 // 100, 1) for caps in self.caps.values()) * 2
        assert sent <= counted, "tokens were used that the store never counted"
        assert counted - sent <= held + self.world.lost_at_most + len(self.unconnected), "tokens were lost"


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
