"""Many at once, and processes that are killed: what is used is never more than what the store has counted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine

from services.store import lanes
from services.store.database import database, transaction
from services.store.migrate import upgrade
from services.store.pacer import Pacer
from services.store.tokens import lease_block, share_sessions, used
from warmlane.pacing.caps import Caps
from warmlane.pacing.history import Base
from warmlane.pacing.moments import Moment

AT = Moment(20_000, 24, 3599, 3600)
CAP = 24_000
BLOCK = CAP // 24 // 100
PROCESSES, KILLED = 4, 3
REPOSITORY = Path(__file__).resolve().parents[2]
REPLICA = f"""
import os, sys
from services.store.database import database, transaction
from services.store.tokens import lease_block
from warmlane.pacing.caps import Caps
from warmlane.pacing.moments import Moment

engine, at = database(sys.argv[1], connections=1), Moment(20_000, 24, 3599, 3600)
sent = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
while True:
    with transaction(engine) as connection:
        block = lease_block(connection, "amber", "gmail", Caps({CAP}, {CAP}), at)
    if block.left == 0:
        break
    while block.left:
        block = block.take()
        os.write(sent, b".")
"""


@pytest.mark.lab
def test_many_at_once_are_given_exactly_what_the_caps_hold(postgresql_store: Engine) -> None:
    caps = {"gmail": Caps(4800, 2400), "yahoo": Caps(4800, 4800, provider_hour=1500)}
    with transaction(postgresql_store) as connection:
        lanes.register(connection, "amber", Base())

    def lease_all(provider: str) -> int:
        total = 0
        while True:
            with transaction(postgresql_store) as connection:
                left = lease_block(connection, "amber", provider, caps[provider], AT).left
            if left == 0:
                return total
            total += left

    with ThreadPoolExecutor(8) as threads:
        totals = list(threads.map(lease_all, ["gmail", "yahoo"] * 4))
    assert sum(totals[::2]) == 2400
    assert sum(totals[1::2]) == 1500
    with transaction(postgresql_store) as connection:
        assert used(connection, "amber", "gmail", AT).lane_now == 3900


@pytest.mark.lab
def test_many_sessions_at_once_never_exceed_the_cap(postgresql_store: Engine) -> None:
    with transaction(postgresql_store) as connection:
        lanes.register(connection, "amber", Base())

    def sessions(replica: int) -> int:
        with transaction(postgresql_store) as connection:
            name = f"pod-{replica}"
            return share_sessions(connection, "amber", "gmail", name, cap=7, open_now=0, wanted=7, now=1.8e9)

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(sessions, range(24))) == 7


def test_a_replica_on_sqlite_may_take_from_many_threads(tmp_path: Path) -> None:
    engine = database(f"sqlite:///{tmp_path}/store.db")
    upgrade(engine)
    with transaction(engine) as connection:
        lanes.register(connection, "amber", Base())
    evening = (AT.day + 1) * 86_400 - 1.0
    pacer = Pacer(engine, "amber", wall=lambda: evening, boot=lambda: 0.0, store_clock=lambda _: evening)

    def take_all(provider: str) -> int:
        return len(list(iter(lambda: pacer.take(provider, Caps(4800, 120)), None)))

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(take_all, ["gmail", "yahoo"] * 2)) == 240
    engine.dispose()


@pytest.mark.lab
def test_killed_replicas_lose_a_block_each_and_double_none(postgresql_store: Engine, tmp_path: Path) -> None:
    with transaction(postgresql_store) as connection:
        lanes.register(connection, "amber", Base())
    url = postgresql_store.url.render_as_string(hide_password=False)
    sent = [tmp_path / f"sent-{number}" for number in range(PROCESSES)]
    replicas = [subprocess.Popen([sys.executable, "-c", REPLICA, url, str(path)], cwd=REPOSITORY) for path in sent]
    for replica, path in list(zip(replicas, sent, strict=True))[:KILLED]:
        while not path.exists() or path.stat().st_size < 50:
            time.sleep(0.001)
        os.kill(replica.pid, signal.SIGKILL)
        replica.wait()
    assert replicas[-1].wait(timeout=120) == 0
    with transaction(postgresql_store) as connection:
        counted = used(connection, "amber", "gmail", AT).lane_now
    total = sum(path.stat().st_size for path in sent)
    assert counted == CAP
    assert CAP - KILLED * BLOCK <= total <= CAP, f"{CAP - total} tokens of {KILLED} killed replicas were lost"
