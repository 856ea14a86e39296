"""A dated snapshot of what only a running environment knows: who sends from where, how much, and what went wrong.

`warmlane snapshot` writes it as JSON (`schema/snapshot.schema.json`); the policy pack reads it before a deploy.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, ValidationError

from warmlane.base import Domain, Identifier, Model
from warmlane.environment import Incident
from warmlane.errors import ConfigError, Problem
from warmlane.hold import STANDING, Level
from warmlane.validation import problems

MAX_AGE = timedelta(hours=48)
"""Age from which a snapshot tells nothing of today: one missed nightly run may pass, two may not."""
RECENT_SENDING_DAYS = 7
"""Sending days that growth is measured by: one day alone would say too little after a quiet one."""
CLOCK_SKEW = timedelta(minutes=5)
"""How far the clock of the machine that took it may be ahead."""


class LaneFacts(Model):
    """What the ledger and Prometheus know of a lane."""

    sending_days: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Sending days behind the lane, from the ledger; unset where there is no ledger."
    )
    delivered: dict[date, Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict,
        description="Messages delivered, by day (UTC): 0 on a day without mail, no entry for a day that is not known.",
    )

    @property
    def days_with_mail(self) -> list[date]:
        """The known sending days, oldest first."""
        return sorted(day for day, messages in self.delivered.items() if messages)

    @property
    def highest_of_late(self) -> int | None:
        """Most messages delivered on one of the last 7 known sending days; None where there is none."""
        return max((self.delivered[day] for day in self.days_with_mail[-RECENT_SENDING_DAYS:]), default=None)


class Hold(Model):
    """A hold on a campaign, as its record says."""

    level: Literal[Level.THROTTLED, Level.QUARANTINED, Level.RETIRED] = Field(
        description="`throttled`, `quarantined` or `retired`."
    )
    throttle_factor: Annotated[float, Field(ge=0, le=1)] = Field(
        description="Part of the warm-up's limit that may still be sent, 0 to 1; 0 unless `throttled`."
    )
    since: AwareDatetime = Field(description="When it began.")
    reason: Annotated[str, Field(min_length=1)] = Field(description="Why it was set.")
    sending_domain: Domain | None = Field(
        default=None,
        description="Whose mail is held: the campaign's sending domain when the snapshot was taken; unset where the "
        "campaign had no file.",
    )

    @property
    def stands(self) -> bool:
        """Whether not one message may leave."""
        return self.level in STANDING


class LaneIncident(Incident):
    """An incident in the ledger."""

    lane: Identifier = Field(description="The lane that it hurt.")


class Snapshot(Model):
    """What was known of an environment at one moment. `holds` and `incidents` are unset where nobody could say."""

    environment: Annotated[str, Field(min_length=1)] = Field(description="The environment's name.")
    taken: AwareDatetime = Field(description="When it was taken (ISO 8601 with an offset).")
    feedback: Literal["none"] | None = Field(
        default=None,
        description="The environment's feedback when it was taken. With `none` only people set holds, so holds and "
        "incidents are known: those of the records, of the config and of the last snapshot.",
    )
    lanes: dict[Identifier, LaneFacts] = Field(description="Deployed lanes by id.")
    leases: dict[Identifier, Identifier] = Field(description="By campaign, the lane that is deployed for it.")
    holds: dict[Identifier, Hold] | None = Field(
        default=None, description="Holds by campaign; empty when there is none, unset when that is not known."
    )
    incidents: list[LaneIncident] | None = Field(
        default=None, description="Incidents in the ledger; empty when there is none, unset when that is not known."
    )

    def is_fresh(self, now: datetime) -> bool:
        """Whether it still tells how things are."""
        return -CLOCK_SKEW <= now - self.taken <= MAX_AGE


def load_snapshot(repository: Path, file: str) -> Snapshot | None:
    """The snapshot in a file, None where there is none. Raises ConfigError for one that does not keep to the schema."""
    try:
        text = (repository / file).read_text()
    except FileNotFoundError:
        return None
    try:
        return Snapshot.model_validate_json(text)
    except ValidationError as error:
        if error.errors()[0]["type"] == "json_invalid":
            advice = "take it again with `warmlane snapshot`"
            raise ConfigError(file, [Problem("", "(not JSON)", advice)]) from None
        raise ConfigError(file, problems(error, Snapshot)) from None
