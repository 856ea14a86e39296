"""The lane's limit of today: by the deployed plan, what the lane has delivered, and what restrains it now."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from services.sender.settings import Settings, SettingsError, parse_settings
from warmlane.campaign import Plan, Spool
from warmlane.pacing.caps import Caps
from warmlane.pacing.history import History
from warmlane.pacing.limits import Restraint, WarmUp, limit, provider_limit
from warmlane.pacing.moments import UTC_DAY, check_day_length, first_day


class ConfigError(Exception):
    """config.json is missing or does not say what a sender may send."""


@dataclass(frozen=True)
class Deployed(Settings):
    """What a sender was deployed with: who it is, and what it may send."""

    day_length: int
    """Seconds of a sending day."""
    max_backlog_days: int
    """Sending days whose allowance mail may wait for."""
    spool_mib: int
    """MiB that the spool may hold."""
    replicas: int
    """Pods that share the lane."""
    spool: Spool
    """Where the queue lies, and so whether it has to leave with its pod."""
    warm_up: WarmUp

    @property
    def identity(self) -> tuple[object, ...]:
        """What a running gate can't change."""
        return self.campaign, self.lane, self.sending_domain, self.hostname, self.day_length, self.spool


def parse_deployed(text: str) -> Deployed:
    """The document that `warmlane.sender_config` makes. Raises ConfigError."""
    try:
        settings = parse_settings(text)
        document: dict[str, Any] = json.loads(text)
        plan = document["warm_up"]
        day_length = int(document.get("day_length", UTC_DAY))
        check_day_length(day_length)
        limits = tuple(int(messages) for messages in plan["limits"])
        if not limits:
            raise ValueError("warm_up.limits is empty")
        warm_up = WarmUp(
            plan=Plan(plan["plan"]),
            daily_volume=int(document["daily_volume"]),
            stage=int(plan["stage"]),
            starts=first_day(date.fromisoformat(plan["starts"]), day_length),
            limits=limits,
        )
        return Deployed(
            **asdict(settings),
            day_length=day_length,
            max_backlog_days=int(document["max_backlog_days"]),
            spool_mib=int(document["spool_mib"]),
            replicas=max(int(document["replicas"]), 1),
            spool=Spool(document["spool"]),
            warm_up=warm_up,
        )
    except KeyError as error:
        raise ConfigError(f"config.json: {error.args[0]} is missing: deploy the campaign again") from error
    except (SettingsError, ValueError, TypeError, AttributeError) as error:
        raise ConfigError(f"config.json can't be used: {error}; deploy the campaign again") from error


@dataclass(frozen=True)
class Today:
    """A lane on a sending day; the history is that of its morning and does not change until the next."""

    day: int
    warm_up: WarmUp
    history: History

    def limit(self, restraint: Restraint) -> int:
        """Messages/day, 0 while a hold stands."""
        return limit(self.warm_up, self.history, restraint, self.day)

    def caps(self, restraint: Restraint) -> Caps:
        """Caps of the lane and of any provider behind it."""
        whole = self.limit(restraint)
        return Caps(whole, provider_limit(whole, None, restraint.throttle))
