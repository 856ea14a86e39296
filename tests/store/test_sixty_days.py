"""Sixty days of a lane: outages, idle weeks, clocks that people set, replicas that come and go, a hold, a throttle."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

import pytest

from services.store import lanes
from services.store.database import transaction
from services.store.pacer import Pacer
from tests.store.world import LANE, World, store_in_memory
from warmlane.campaign import Plan
from warmlane.pacing.caps import Caps
from warmlane.pacing.limits import Restraint, WarmUp, limit
from warmlane.pacing.moments import UTC_DAY, first_day
from warmlane.warmup.schedule import Start, schedule

START = date(2026, 11, 2)
FIRST = first_day(START)
VOLUME = 240
WARM_UP = WarmUp(Plan.MODERATE, VOLUME, 0, FIRST, schedule(Plan.MODERATE, Start(0, START), VOLUME).limits)
IDLE = {*range(8, 15), *range(22, 53)}
"""A week, and 31 days, after which mailbox providers have forgotten the lane."""
HELD = 17
THROTTLED = 18
TICKS = [hour * 3600 + second for hour in range(24) for second in (1200, 3599)]
"""Seconds of a day at which replicas send; in the last one of each hour all of its share is released."""
PROVIDERS = ("gmail", "microsoft", "yahoo")


@dataclass
class Simulation:
    """More mail than may be sent waits on every day that is not idle."""

    seed: int
    world: World = field(default_factory=lambda: World(store_in_memory(), FIRST * UTC_DAY))
    replicas: list[Pacer] = field(default_factory=list)
    limits: dict[int, int] = field(default_factory=dict)
    behind: dict[int, int] = field(default_factory=dict)
    """Sending days behind the lane on the morning of each day."""
    sent: Counter[int] = field(default_factory=Counter)
    delivered: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.replicas = [self.world.replica(), self.world.replica()]

    def run(self) -> None:
        for day in range(60):
            if day in IDLE:
                continue
            self.world.now = (FIRST + day) * UTC_DAY
            if day in (0, 53):
                self.mend()
            with transaction(self.world.engine) as connection:
                history = lanes.lane_history(connection, LANE, FIRST + day)
            self.behind[day] = history.sending_days
            throttle = Fraction(1, 3) if day == THROTTLED else Fraction(1)
            self.limits[day] = limit(WARM_UP, history, Restraint(None, throttle), FIRST + day)
            outage = self.random.randrange(0, 24 * 3600 - 6 * 3600)
            for second in TICKS:
                self.world.now = (FIRST + day) * UTC_DAY + second
                if day not in (0, 53):
                    self.disturb()
                held = day == HELD and second >= UTC_DAY // 2
                self.tick(day, 0 if held else self.limits[day], outage <= second < outage + 6 * 3600)

    def disturb(self) -> None:
        """Something that happens to a lane's machines now and then."""
        match self.random.randrange(40):
            case 0:
                self.world.wall_off = self.random.choice([-86_400, -7200, 600, 7200, 86_400])
            case 1:
                self.world.wall_off = 0
            case 2:
                self.world.store_off = self.random.choice([-50_000, 50_000])
            case 3:
                self.world.store_away = True
            case 4:
                self.world.store_away = False
            case 5:
                self.replicas[-1] = self.world.replica()
            case 6 if len(self.replicas) < 3:
                self.replicas.append(self.world.replica())
            case 7 if len(self.replicas) > 1:
                self.replicas.pop(0)
            case 8 | 9 | 10:
                self.mend()
            case _:
                pass

    def mend(self) -> None:
        """All clocks are set right, and every replica starts anew."""
        self.world.wall_off = self.world.store_off = 0
        self.world.store_away = False
        self.replicas = [self.world.replica() for _ in self.replicas]

    def tick(self, day: int, most: int, outage: bool) -> None:
        """Every replica sends what it can; gmail takes nothing during an outage, and each provider bounces some."""
        caps = {"gmail": Caps(most, most), "microsoft": Caps(most, most // 2, 4), "yahoo": Caps(most, most, 6)}
        waiting = [(replica, provider) for replica in self.replicas for provider in PROVIDERS]
        delivered = 0
        while waiting:
            pair = self.random.choice(waiting)
            token = self.world.send(*pair, caps[pair[1]])
            if token is None:
                waiting.remove(pair)
                continue
            assert token.day == FIRST + day, "a token is booked to the day on which it is used"
            self.sent[day] += 1
            delivered += self.random.random() < 0.95 and not (outage and pair[1] == "gmail")
        if delivered:
            self.delivered[day] += delivered
            with transaction(self.world.engine) as connection:
                lanes.record_delivered(connection, LANE, FIRST + day, delivered)


@pytest.mark.parametrize("seed", [1, 2])
def test_sixty_days(seed: int) -> None:
    ran = Simulation(seed)
    ran.run()
    assert ran.sent[0] == ran.limits[0] == 50, "a lane without history sends exactly its first step"
    assert ran.sent[53] == ran.limits[53] == 50, "after 31 idle days it starts over"
    assert {day for day in ran.sent if ran.sent[day] > ran.limits[day]} == set()
    assert not IDLE & set(ran.sent)
    assert ran.sent[HELD] <= ran.limits[HELD] // 2 + 1 and ran.limits[THROTTLED] <= VOLUME // 3
    mailed = {day for day in ran.delivered if day < 8}
    assert ran.behind[15] == len(mailed) > 4, "a week without mail does not advance the lane"
    assert max(ran.limits.values()) == VOLUME, "it is warm within the first three weeks"
    assert sum(ran.sent.values()) > sum(ran.limits.values()) // 2, f"nearly nothing was sent: {ran.sent}"
