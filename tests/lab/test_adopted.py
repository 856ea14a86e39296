"""A lab is as warm as its config says, on whatever day it comes up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from components.committed import adopted_until
from lab import settings
from lab.node import adopted
from tests.cli.conftest import ROOT
from warmlane.config import read_environment
from warmlane.lane_history import lane_history, read_history
from warmlane.pacing.history import Base, history
from warmlane.pacing.moments import first_day


def test_the_labs_lanes_are_warm_today(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dev = read_environment(ROOT, "dev")
    assert dev.adopted_file is not None and ROOT / dev.adopted_file == settings.ADOPTED_FILE
    assert adopted_until(dev, tmp_path) is None, "before a lab came up, what is committed counts"
    monkeypatch.setattr(settings, "ADOPTED_FILE", tmp_path / dev.adopted_file)
    adopted.ensure()
    today = datetime.now(UTC).date()
    assert adopted_until(dev, tmp_path) == today - timedelta(days=1)
    bases = read_history(lane_history(dev, adopted_until(dev, tmp_path)).model_dump_json())
    for lane, base in bases.items():
        assert isinstance(base, Base), lane
        assert history(base, [], first_day(today)).highest == 650_000
