"""What must differ between stacks, compared over all of them: a preview sees one stack at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.render.recording import Recording, Registration
from warmlane import labels, names
from warmlane.sender_config import CONFIG_KEY

KUBERNETES = "kubernetes:"
OBJECT = "object"
SENDER_FACTS = {"campaign": "campaign id", "lane": "lane", "hostname": "HELO name"}
"""By key of a sender's configuration, what it is."""
POD_LABELS = (labels.CAMPAIGN, labels.LANE, "app")
"""Labels of a sender's pods by which metrics, policies and egress know a campaign."""


@dataclass(frozen=True)
class Claim:
    """A value that one stack alone may have; `what` is its kind."""

    what: str
    value: str


def claims(recording: Recording) -> list[Claim]:
    """What a stack claims for itself, each object as often as it declares it."""
    return [claim for made in recording.registrations for claim in _claims(made, recording.project)]


def _claims(made: Registration, project: str) -> Iterator[Claim]:
    if not made.custom or not made.type.startswith(KUBERNETES):
        return
    kind, metadata = made.type.rpartition(":")[2], _mapping(made.inputs.get("metadata"))
    name = metadata.get("name", made.name)
    where = metadata.get("namespace")
    yield Claim(OBJECT, f"{kind} {where}/{name}" if where else f"{kind} {name}")
    if project != names.CAMPAIGN_PROJECT:
        return
    if kind == "ConfigMap" and name == names.SENDER_CONFIG_MAP:
        config = json.loads(_mapping(made.inputs.get("data")).get(CONFIG_KEY) or "{}")
        for key, what in SENDER_FACTS.items():
            if key in config:
                yield Claim(what, str(config[key]))
    template = _mapping(_mapping(made.inputs.get("spec")).get("template"))
    marks = _mapping(_mapping(template.get("metadata")).get("labels"))
    for label in POD_LABELS:
        if label in marks:
            yield Claim(f"pod label {label}", str(marks[label]))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def collisions(claimed: Iterable[tuple[str, Iterable[Claim]]]) -> list[str]:
    """A sentence for each value that two stacks claim, or for an object that one stack declares twice.

    `claimed` is each stack's name with its claims.
    """
    holders, found = dict[Claim, str](), dict[str, None]()
    for stack, all_ in claimed:
        for claim in all_:
            holder = holders.setdefault(claim, stack)
            if holder != stack:
                found[
                    f"The stacks {holder} and {stack} both have the {claim.what} {claim.value}. It must differ: derive "
                    "it from the campaign's or the lane's id."
                ] = None
        own = [claim for claim in all_ if claim.what == OBJECT]
        for claim in {claim for claim in own if own.count(claim) > 1} if len(set(own)) != len(own) else ():
            found[f"The stack {stack} declares {claim.value} twice. Declare it once."] = None
    return list(found)
