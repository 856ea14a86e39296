"""`warmlane lab scenario`."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest

from cli.outcome import Code
from lab import receivers
from lab.receivers import scenario


@pytest.fixture
def without_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Receivers that never answer."""
    played = functools.partial(receivers.play, path=tmp_path / "s.yaml", taken=tmp_path / "t.json", seconds=0)
    monkeypatch.setattr(receivers, "play", played)


def test_without_a_name_the_scenarios_are_listed(warmlane: Any) -> None:
    code, out, _ = warmlane("--json", "lab", "scenario")

    assert code == Code.FINE
    assert set(json.loads(out)["scenarios"]) == set(scenario.names())


@pytest.mark.usefixtures("without_lab")
def test_an_unknown_scenario_is_refused_with_those_there_are(warmlane: Any) -> None:
    code, out, err = warmlane("lab", "scenario", "storm")

    assert code == Code.REFUSED
    assert '"storm"' in out + err
    assert "greylisting" in out + err


@pytest.mark.usefixtures("without_lab")
def test_receivers_that_do_not_answer_are_told_and_what_to_do(warmlane: Any) -> None:
    code, out, err = warmlane("lab", "scenario", "mixed")

    assert code == Code.FAILED
    assert "did not take mixed up" in out + err
    assert "warmlane lab up" in out + err
