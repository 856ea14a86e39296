"""What the config says of a lane's stage and of overrides must be dated, and possible."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from warmlane.config import parse_environment
from warmlane.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
OVERRIDE = {"by": "deliverability@warmlane.test", "why": "The launch date is fixed by contract."}


@pytest.fixture
def environment() -> dict[str, Any]:
    return copy.deepcopy(yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]["warmlane:environment"])


SLIPS: list[tuple[str, Callable[[dict[str, Any]], object], str, str, str]] = [
    (
        "undated stage",
        lambda d: d["lanes"]["amber"].update(sending_days=3),
        "lanes.amber.sending_days_as_of",
        "",
        "sending_days 3 needs it",
    ),
    (
        "stage dated before the lane",
        lambda d: d["lanes"]["amber"].update(sending_days=3, sending_days_as_of="2026-11-01"),
        "lanes.amber.sending_days_as_of",
        '"2026-11-01"',
        "came to be on 2026-11-02",
    ),
    (
        "more sending days than days",
        lambda d: d["lanes"]["amber"].update(sending_days=23, sending_days_as_of="2026-11-04"),
        "lanes.amber.sending_days",
        "23",
        "more than 22, adopted ones included",
    ),
    (
        "adopted later than made",
        lambda d: d["lanes"]["amber"]["adopted"].update(as_of="2026-11-03"),
        "lanes.amber.adopted.as_of",
        '"2026-11-03"',
        "became a lane on 2026-11-02",
    ),
    (
        "override that is over before",
        lambda d: d["leases"]["newsletter"].update(override={**OVERRIDE, "until": "2026-11-01"}),
        "leases.newsletter.override.until",
        '"2026-11-01"',
        "begins on 2026-11-02",
    ),
    (
        "override for ever",
        lambda d: d["leases"]["newsletter"].update(override={**OVERRIDE, "until": "2999-12-31"}),
        "leases.newsletter.override.until",
        '"2999-12-31"',
        "at most 30 days, and the first one is 2026-11-02; write 2026-12-01 or earlier",
    ),
    (
        "override of a day too many",
        lambda d: (
            d["lanes"]["birch"].update(sending_days=17, sending_days_as_of="2026-11-04"),
            d["leases"]["newsletter"].update(override={**OVERRIDE, "until": "2026-12-05"}),
        ),
        "leases.newsletter.override.until",
        '"2026-12-05"',
        "the first one is 2026-11-05; write 2026-12-04 or earlier",
    ),
    (
        "override without an end",
        lambda d: d["leases"]["newsletter"].update(override={"by": "a@warmlane.test", "why": "The launch is fixed."}),
        "leases.newsletter.override.until",
        "",
        "Last day on which it may be passed",
    ),
]


@pytest.mark.parametrize(
    ("change", "key", "value", "allowed"), [slip[1:] for slip in SLIPS], ids=[slip[0] for slip in SLIPS]
)
def test_a_slip(
    environment: dict[str, Any], change: Callable[[dict[str, Any]], object], key: str, value: str, allowed: str
) -> None:
    change(environment)
    with pytest.raises(ConfigError) as caught:
        parse_environment(environment, "the-file.yaml")
    (problem,) = caught.value.problems
    assert (problem.key, problem.value) == (key, value)
    assert allowed in problem.allowed


def test_a_whole_stage_and_an_override_are_accepted(environment: dict[str, Any]) -> None:
    environment["lanes"]["amber"].update(sending_days=17, sending_days_as_of="2026-11-04")
    environment["leases"]["newsletter"]["override"] = {**OVERRIDE, "until": "2026-12-01"}
    parsed = parse_environment(environment, "the-file.yaml")
    assert parsed.lanes["amber"].stage == 17, "the newest count stands, whatever was adopted"
    held = parsed.leases["newsletter"].override
    assert held is not None and (held.until - parsed.leases["newsletter"].since).days == 29, (
        "30 days, both ends counted"
    )
