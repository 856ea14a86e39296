"""What rules find committed, changed for one test; `conftest.py` puts it back."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from policies import committed
from tests.policies.declared import Declared
from tests.policies.recording import IMAGE
from warmlane.config import campaign_file, environment_file, parse_campaign, parse_environment
from warmlane.environment import Images
from warmlane.sender_config import CONFIG_KEY, sender_config
from warmlane.snapshot import Snapshot

REPLACED = ("environment", "images", "campaign", "campaigns", "snapshot", "now")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DEV = "dev"
SALE = "spring-sale"

IMAGES = Images.model_validate(dict.fromkeys(Images.model_fields, IMAGE))
"""Those of every recorded stack."""

Document = dict[str, Any]
Edit = Callable[[Document], object]
Stack = dict[str, Declared]


def replace(**functions: Callable[..., Any]) -> None:
    """Puts functions in place of those of `policies.committed`."""
    for name, function in functions.items():
        assert name in REPLACED
        setattr(committed, name, function)


def clock(moment: datetime) -> None:
    """Lets it be another moment."""
    replace(now=lambda: moment)


def document(file: str, key: str) -> Document:
    """The body of a stack file."""
    body: Document = yaml.safe_load((committed.REPOSITORY / file).read_text())["config"][key]
    return copy.deepcopy(body)


def environment(*edits: Edit) -> None:
    """Lets `dev` be committed with changes; what is not sound is refused here already."""
    body = document(environment_file(DEV), "warmlane:environment")
    for edit in edits:
        edit(body)
    parsed = parse_environment(body, environment_file(DEV))
    replace(environment=lambda _stack: parsed)


def campaigns(**edits: Edit) -> None:
    """Lets campaigns of `dev` be committed with changes: by id with `_` for `-`, each made from its own file or from
    that of the spring sale."""
    found = {name: committed.campaign(name, DEV) for name in committed.campaigns(DEV)}
    for key, edit in edits.items():
        name = key.replace("_", "-")
        body = document(campaign_file(name if name in found else SALE, DEV), "warmlane:campaign")
        body["id"] = name
        edit(body)
        found[name] = parse_campaign(body, campaign_file(name, DEV))
    replace(campaigns=lambda _stack, _domain="": found, campaign=lambda name, _stack: found.get(name))


def snapshot(**fields: Any) -> None:
    """Lets there be a snapshot of an hour ago, with the deployed lanes and leases and nothing against anyone."""
    body = {
        "environment": DEV,
        "taken": NOW - timedelta(hours=1),
        "lanes": {"amber": {"sending_days": 36}, "birch": {"sending_days": 36}},
        "leases": {"spring-sale": "amber", "newsletter": "birch"},
        "holds": {},
        "incidents": [],
    }
    found = Snapshot.model_validate({**body, **fields})
    replace(snapshot=lambda _stack, _file: found)


def rewritten(stack: Stack, campaign: str = SALE) -> None:
    """Writes the sender's configuration as Warmlane would from what is committed now."""
    here, written = committed.environment(DEV), committed.campaign(campaign, DEV)
    assert written is not None
    lease = here.leases[campaign]
    text = json.dumps(sender_config(written, lease.lane, here.lanes[lease.lane], lease, here))
    stack["config"].props["data"][CONFIG_KEY] = text
