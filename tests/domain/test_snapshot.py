"""A snapshot is dated, and one that is not sound is refused with all its problems."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from warmlane.errors import ConfigError
from warmlane.schema import rendered
from warmlane.snapshot import Snapshot, load_snapshot

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SOUND: dict[str, Any] = {
    "environment": "dev",
    "taken": "2026-11-24T12:00:00Z",
    "lanes": {"amber": {"sending_days": 3, "delivered": {"2026-11-23": 500}}},
    "leases": {"spring-sale": "amber"},
    "holds": {
        "spring-sale": {
            "level": "throttled",
            "throttle_factor": 0.5,
            "since": "2026-11-24T09:00:00Z",
            "reason": "Deferrals.",
        }
    },
    "incidents": [
        {"lane": "amber", "occurred": "2026-11-20", "campaign": "autumn", "what": "Hard bounces of a bought list."}
    ],
}


@pytest.mark.parametrize(
    ("age", "is_fresh"),
    [
        (timedelta(0), True),
        (timedelta(hours=48), True),
        (timedelta(hours=48, seconds=1), False),
        (timedelta(minutes=-5), True),
        (timedelta(minutes=-6), False),
    ],
    ids=["now", "48 hours", "older", "a clock that is ahead", "from the future"],
)
def test_how_long_it_tells_how_things_are(age: timedelta, is_fresh: bool) -> None:
    found = Snapshot.model_validate({**SOUND, "taken": NOW - age})
    assert found.is_fresh(NOW) is is_fresh


def test_a_sound_file(tmp_path: Path) -> None:
    (tmp_path / "it.json").write_text(json.dumps(SOUND))
    found = load_snapshot(tmp_path, "it.json")
    assert found is not None and found.holds is not None
    assert not found.holds["spring-sale"].stands
    jsonschema.validate(json.loads(found.model_dump_json()), json.loads(rendered()["snapshot.schema.json"]))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("{", {""}),
        (json.dumps({**SOUND, "taken": "2026-11-24T12:00:00", "lane": {}}), {"taken", "lane"}),
        (json.dumps({**SOUND, "leases": {"spring-sale": 5}}), {"leases.spring-sale"}),
        (
            json.dumps({**SOUND, "holds": {"a": {**SOUND["holds"]["spring-sale"], "throttle_factor": 1.5}}}),
            {"holds.a.throttle_factor"},
        ),
    ],
    ids=["no JSON", "no offset and a slip", "wrong type", "out of range"],
)
def test_what_is_not_sound(tmp_path: Path, text: str, keys: set[str]) -> None:
    (tmp_path / "it.json").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_snapshot(tmp_path, "it.json")
    assert {problem.key for problem in caught.value.problems} == keys
    assert str(caught.value).startswith("it.json: ")
    assert "Input should" not in str(caught.value), "pydantic's own words are not for people"


def test_no_file(tmp_path: Path) -> None:
    assert load_snapshot(tmp_path, "it.json") is None
