"""What lay behind each lane before its counters began: written by the environment's program, read by the keeper."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import Field, ValidationError

from warmlane.base import Identifier, Model
from warmlane.environment import Environment, Lane
from warmlane.errors import ConfigError, Problem
from warmlane.pacing.history import Base, Delivered
from warmlane.pacing.moments import UTC_DAY, first_day
from warmlane.validation import problems

HISTORY_KEY = "history.json"
"""Key of the ConfigMap `lane-history`."""


class AdoptedUntil(Model):
    """The document of `adopted_file`."""

    as_of: date = Field(description="Last day on which the environment's adopted addresses sent (ISO 8601).")


class Behind(Model):
    """What lies behind a lane: sending days, the last of them, and the most that was delivered on one of late."""

    sending_days: Annotated[int, Field(ge=0)]
    last_day: date | None = None
    messages: Annotated[int, Field(ge=1)] | None = None
    """Messages/day; None where the lane has sent and nobody says how much."""


class LaneHistory(Model):
    """The document: by lane what lies behind it, and the length of a sending day in seconds."""

    day_length: int = UTC_DAY
    lanes: dict[Identifier, Behind]


@dataclass(frozen=True)
class Unknown:
    """A lane that has sent before, and nobody says how much: its counters can't begin."""

    sending_days: int


def lane_history(environment: Environment, adopted_until: date | None = None) -> LaneHistory:
    """The document of an environment; `adopted_until` stands for `as_of` of its adopted addresses."""
    lanes = {lane_id: _behind(lane, adopted_until) for lane_id, lane in environment.lanes.items()}
    return LaneHistory(day_length=environment.day_length, lanes=lanes)


def _behind(lane: Lane, adopted_until: date | None) -> Behind:
    if lane.stage == 0:
        return Behind(sending_days=0)
    last = lane.stage_as_of
    if adopted_until and last and lane.sending_days_as_of is None:
        last = max(last, adopted_until)
    return Behind(sending_days=lane.stage, last_day=last, messages=lane.adopted.daily_volume if lane.adopted else None)


def read_history(text: str) -> dict[str, Base | Unknown]:
    """By lane, where its counters begin. Raises ValueError for a document that is not sound."""
    try:
        document = LaneHistory.model_validate_json(text)
    except ValidationError as error:
        raise ValueError("; ".join(map(str, problems(error, LaneHistory)))) from None
    return {lane: _base(behind, document.day_length) for lane, behind in document.lanes.items()}


def _base(behind: Behind, day_length: int) -> Base | Unknown:
    if behind.sending_days == 0:
        return Base()
    if behind.last_day is None or behind.messages is None:
        return Unknown(behind.sending_days)
    # The last of the sending days that make up the date.
    last = first_day(behind.last_day + timedelta(days=1), day_length) - 1
    return Base(behind.sending_days, Delivered(last, behind.messages))


def adopted_until(text: str, file: str) -> date:
    """What `adopted_file` says. Raises ConfigError."""
    try:
        data: Mapping[str, Any] = json.loads(text)
        return AdoptedUntil.model_validate(data).as_of
    except ValidationError as error:
        raise ConfigError(file, problems(error, AdoptedUntil)) from None
    except ValueError:
        raise ConfigError(file, [Problem("", "(not JSON)", "delete the file; `make up` writes it again")]) from None
