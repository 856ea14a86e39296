"""The configuration of a sender, as rules read it from the ConfigMap that a program plans."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated

from pydantic import Field, ValidationError

from policies import kubernetes
from policies.inputs import plan
from policies.plain import at, mapping
from policies.rule import Resource
from policies.scopes import named
from warmlane import names
from warmlane.base import Identifier, Model
from warmlane.campaign import Plan, Spool
from warmlane.sender_config import CONFIG_KEY
from warmlane.validation import problems
from warmlane.warmup.plans import SPARKPOST

INPUTS = plan(named("ConfigMap", names.SENDER_CONFIG_MAP), "data", "binaryData")
"""What rules on a sender's configuration are decided from."""

Messages = Annotated[int, Field(ge=1, le=SPARKPOST[-1])]


class WarmUp(Model):
    """The part `warm_up` of a sender's configuration."""

    plan: Plan
    stage: Annotated[int, Field(ge=0)]
    starts: date
    limits: Annotated[list[Messages], Field(min_length=1)]


class SenderConfig(Model):
    """A sender's configuration, as `warmlane.sender_config` writes it."""

    campaign: Identifier
    lane: Identifier
    hostname: str
    sending_domain: str
    daily_volume: Messages
    wanted_by: date
    day_length: Annotated[int, Field(ge=1)]
    max_backlog_days: Annotated[int, Field(ge=1)]
    replicas: Annotated[int, Field(ge=1)]
    spool: Spool
    spool_mib: Annotated[int, Field(ge=1)]
    warm_up: WarmUp


class Unreadable(Exception):
    """The ConfigMap holds no configuration of a sender; `str()` is a message that says why and what to do."""


def is_sender_config(resource: Resource) -> bool:
    """Whether a resource is the ConfigMap that a campaign's sender reads."""
    named = kubernetes.kind(resource) == "ConfigMap" and kubernetes.name(resource) == names.SENDER_CONFIG_MAP
    return named and bool(kubernetes.campaign(resource))


def read(resource: Resource) -> SenderConfig:
    """The configuration in a sender's ConfigMap. Raises Unreadable."""
    what, text = kubernetes.title(resource), at(resource.props, "data", CONFIG_KEY)
    if not isinstance(text, str):
        raise Unreadable(
            f"{what} has no schedule in the plan. Set its key {CONFIG_KEY} from warmlane.sender_config, without "
            "Outputs."
        )
    strange = sorted({*mapping(resource.props, "data"), *mapping(resource.props, "binaryData")} - {CONFIG_KEY})
    if strange:
        raise Unreadable(f"{what} holds {', '.join(strange)} beside {CONFIG_KEY}, which no sender reads. Remove it.")
    try:
        # "7" is no number: what reads it would compare it with one.
        return SenderConfig.model_validate_json(json.dumps(json.loads(text)), strict=True)
    except ValidationError as error:
        found = "; ".join(map(str, problems(error, SenderConfig)))
        raise Unreadable(
            f"{what} does not hold a sender's configuration ({found}). Write it by warmlane.sender_config."
        ) from None
    except ValueError:
        raise Unreadable(f"{what} does not hold JSON in {CONFIG_KEY}. Write it by warmlane.sender_config.") from None
