"""A flood is put off in part and loses nothing; `make bench PART=returns` does it with 10,000 reports."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from bench.returns import flood

pytestmark = pytest.mark.lab


def test_a_flood_delays_and_loses_nothing(postgresql_store: Engine, tmp_path: Path) -> None:
    found = flood(postgresql_store, tmp_path, reports=630, hosts=4, messages_of_source=150)
    assert found.counted == 630, "each report was sent until it got a 250, and is booked once"
    assert found.put_off > 0, "the flood was faster than what a host may send, or this proves nothing"
