"""Random configurations that the models allow and that no rule may refuse, made so, and never sorted out.

Dates come from the functions by which the domain reckons. `now` is the moment at which the configuration is judged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from policies.rules import RULES
from tests.policies.configurations import campaigns, lanes, snapshots, surroundings
from tests.policies.configurations.campaigns import Held
from tests.policies.configurations.deck import Decks
from tests.policies.configurations.lanes import EXACTLY_TEN, HELD, History
from tests.policies.configurations.shapes import SHAPES, Document, Shape, given, ids, mailbox, text
from warmlane.campaign import Campaign
from warmlane.config import campaign_file, environment_file, parse_campaign, parse_environment
from warmlane.environment import Environment, Images, Lane, Lease, LeaseState
from warmlane.pacing.moments import UTC_DAY
from warmlane.snapshot import Snapshot

ROOTS: list[type[BaseModel]] = [Environment, Campaign, Snapshot, *{rule.config for rule in RULES if rule.config}]
"""The models of everything that a repository's owner writes or has written, and rules read."""
NAMES = ["dev", "e", "prod", "eu-west-1"]
LANES = [1, 2, 0, 2, 1, 3, 2, 6]
"""Numbers of lanes, as often as they are drawn."""
MOST_NEW = "most"
SNAPSHOT_FILES = ["s", "policies/snapshots/of-{environment}.json"]


@dataclass
class Configuration:
    """What a repository holds: an environment, its campaigns, the pack's config, and what was known of it all."""

    name: str
    shape: Shape
    environment: Document
    campaigns: dict[str, Document]
    policies: Document
    snapshot: Document | None
    images: Document | None

    @property
    def rendered(self) -> list[str]:
        """Campaigns that have a stack: those whose lease is not ending."""
        leases = self.environment.get("leases", {})
        return [id_ for id_ in self.campaigns if leases[id_].get("state") != LeaseState.ENDING]

    @property
    def snapshot_file(self) -> str:
        given = self.policies.get("all", {}).get("snapshot", "policies/snapshots/{environment}.json")
        return str(given).replace("{environment}", self.name)

    def models(self) -> Iterator[BaseModel]:
        """Everything, validated. Raises ConfigError and ValidationError for what the models do not allow."""
        yield parse_environment(self.environment, environment_file(self.name))
        for id_, document in self.campaigns.items():
            yield parse_campaign(document, campaign_file(id_, self.name))
        if self.snapshot is not None:
            yield Snapshot.model_validate_json(json.dumps(self.snapshot))
        if self.images is not None:
            yield Images.model_validate(self.images)
        for rule in RULES:
            if rule.config:
                known = rule.config.model_fields
                shared = {key: value for key, value in self.policies.get("all", {}).items() if key in known}
                yield rule.config.model_validate(shared | self.policies.get(rule.name, {}))

    def write(self, repository: Path) -> None:
        """Writes it as it would be committed."""
        files: dict[str, Any] = {
            environment_file(self.name): {"config": {"warmlane:environment": self.environment}},
            **{
                campaign_file(id_, self.name): {"config": {"warmlane:campaign": document}}
                for id_, document in self.campaigns.items()
            },
            f"policies/config/{self.name}.json": self.policies,
        }
        if self.snapshot is not None:
            files[self.snapshot_file] = self.snapshot
        if self.images is not None:
            files[surroundings.IMAGES_FILE] = self.images
        for file, document in files.items():
            path = repository / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(document) if path.suffix == ".yaml" else json.dumps(document))


def configurations(seed: int, count: int, now: datetime) -> Iterator[Configuration]:
    """So many configurations; the same seed and moment give the same ones."""
    decks = Decks(seed)
    for _ in range(count):
        yield _configuration(decks, now)


def _configuration(decks: Decks, now: datetime) -> Configuration:
    name, shape = decks.deal("name", NAMES), decks.deal("shape", SHAPES)
    environment, images = surroundings.environment(decks, shape)
    policies = _policies(decks)
    _day(decks, environment, policies)
    kind = decks.deal("snapshot", snapshots.KINDS)
    count = decks.deal("lanes", LANES)
    made = dict[str, tuple[str, History, Lane]]()
    for number, (lane, campaign) in enumerate(
        zip(ids(decks, "lane", count), ids(decks, "campaign", count), strict=True)
    ):
        young = sum(history.is_young for _, history, _ in made.values())
        room = young < policies.get("new-lanes-a-week", {}).get(MOST_NEW, 5)
        history = lanes.history(decks, now.date(), campaign, kind.said, room, number == 0)
        document = surroundings.lane(decks, shape, environment["egress"], number) | history.document
        environment.setdefault("lanes", {})[lane] = document
        made[lane] = (campaign, history, Lane.model_validate(document))
    environment.setdefault("lanes", {})
    leases = {
        campaign: _lease(decks, lane, history) for lane, (campaign, history, _) in made.items() if history.role in HELD
    }
    if leases or decks.often("no leases", 1, 2):
        environment["leases"] = leases
    held = [
        Held(campaign, model, Lease.model_validate(leases[campaign]))
        for campaign, history, model in made.values()
        if history.role in ("held", "new")
        or (history.role == "ending" and decks.often("file of an ending lease", 1, 2))
    ]
    throttled = _throttled(decks, held, kind.exists and kind.asked)
    _shared(decks, held)
    documents = _campaigns(decks, environment, policies, held)
    snapshot = snapshots.snapshot(decks, kind, now, name, made, throttled)
    return Configuration(name, shape, environment, documents, policies, snapshot, images)


def _policies(decks: Decks) -> Document:
    found: Document = {}
    shared: Document = {}
    given(decks, shared, "all.snapshot", *SNAPSHOT_FILES)
    if shared:
        found["all"] = shared
    new_lanes: Document = {}
    given(decks, new_lanes, f"new-lanes.{MOST_NEW}", 1, 7, 50)
    if new_lanes:
        found["new-lanes-a-week"] = new_lanes
    spool: Document = {}
    given(decks, spool, "spool.may_be_left_out", True, False)
    if spool:
        found["spool-stated"] = spool
    return found


def _day(decks: Decks, environment: Document, policies: Document) -> None:
    """A sending day that is as short as the pack's config allows, or longer."""
    shortest = decks.deal("shortest", [None, 24, 3600, UTC_DAY])
    if shortest is not None:
        policies["day-length-shipped"] = {"shortest": shortest}
    given(decks, environment, "day_length", shortest or UTC_DAY, UTC_DAY)


def _lease(decks: Decks, lane: str, history: History) -> Document:
    found: Document = {"lane": lane, "since": text(history.since)}
    if history.role == "ending":
        found["state"] = "ending"
    elif decks.often("state", 1, 2):
        found["state"] = "active"
    signed = {"by": mailbox(decks, "override"), "why": EXACTLY_TEN}
    untils = [{**signed, "until": text(history.since + timedelta(days=days))} for days in (0, 10, 29)]
    given(decks, found, "lease.override", *untils)
    return found


def _throttled(decks: Decks, held: list[Held], known: bool) -> dict[str, float]:
    """By campaign, the throttle factor of a hold that its plan keeps to."""
    found = dict[str, float]()
    for one in held if known else ():
        if one.lease.state is LeaseState.ACTIVE and decks.often("throttled", 1, 3):
            one.throttle = found[one.id] = decks.deal("factor", snapshots.FACTORS)
    return found


def _shared(decks: Decks, held: list[Held]) -> None:
    """Two campaigns may share a domain whose volume needs both lanes."""
    free = [one for one in held if one.throttle is None]
    if len(free) > 1 and decks.often("shared domain", 1, 2):
        for one in free[:2]:
            one.shares_domain = True


def _campaigns(decks: Decks, environment: Document, policies: Document, held: list[Held]) -> dict[str, Document]:
    """The campaigns, and the organisation's caps around them: as low as they may be, or higher."""
    style = decks.deal("caps", ["none", "empty", "exact", "high", "least"])
    if style == "least":
        for one in held:
            one.most, one.shares_domain = 1, False
    dns_namespace = environment["cluster"].get("dns_namespace", "kube-system")
    may_leave_spool = policies.get("spool-stated", {}).get("may_be_left_out", False)
    found = {one.id: campaigns.campaign(decks, one, dns_namespace, may_leave_spool) for one in held}
    volumes = [document["daily_volume"] for document in found.values()] or [1]
    if style in ("exact", "least"):
        environment["caps"] = {"campaign_daily_volume": max(volumes), "daily_volume": sum(volumes)}
    elif style == "high":
        environment["caps"] = {"campaign_daily_volume": max(volumes) + 1, "daily_volume": 10**12}
    elif style == "empty":
        environment["caps"] = {}
    return found
