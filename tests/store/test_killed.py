"""Processes that lease blocks and are killed: what was used is never more than what the store has counted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine

from services.store import lanes
from services.store.database import transaction
from services.store.tokens import used
from warmlane.pacing.history import Base
from warmlane.pacing.moments import Moment

pytestmark = pytest.mark.lab

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
        counted = used(connection, "amber", "gmail", Moment(20_000, 24, 3599, 3600)).lane_now
    total = sum(path.stat().st_size for path in sent)
    assert counted == CAP
    assert CAP - KILLED * BLOCK <= total <= CAP, f"{CAP - total} tokens of {KILLED} killed replicas were lost"
