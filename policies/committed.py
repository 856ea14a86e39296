"""The committed configuration that rules compare a plan with.

Who holds which lane is a fact of `Pulumi.<environment>.yaml`, which one stack's plan can't show by itself.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from warmlane.campaign import Campaign
from warmlane.config import campaign_file, load_campaign, read_environment
from warmlane.environment import Environment

REPOSITORY = Path(__file__).resolve().parent.parent


def today() -> date:
    """The day that is not over yet (UTC)."""
    return datetime.now(UTC).date()


def environment_name(stack: str) -> str:
    """The environment of a stack: `dev` of both `dev` and `spring-sale.dev`."""
    return stack.rsplit(".", 1)[-1]


@cache
def environment(stack: str) -> Environment:
    """The environment that a stack belongs to. Raises ConfigError where it is not committed or not sound."""
    return read_environment(REPOSITORY, environment_name(stack))


@cache
def campaign(campaign_id: str, stack: str) -> Campaign | None:
    """A campaign of the stack's environment; None where it has no file. Raises ConfigError for an unsound file."""
    if not (REPOSITORY / campaign_file(campaign_id, environment_name(stack))).exists():
        return None
    return load_campaign(REPOSITORY, campaign_id, environment_name(stack))


def leased_lane(campaign_id: str, stack: str) -> str | None:
    """The lane that a campaign holds; None where it holds none."""
    lease = environment(stack).leases.get(campaign_id)
    return lease.lane if lease else None
