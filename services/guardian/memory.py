"""What the guardian remembers, in the store: written in one transaction at the end of each cycle, before it acts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.guardian.accounts import Account
from services.store.database import reading, transaction
from services.store.tables import GuardianDecision, GuardianState
from services.store.upsert import upserted
from warmlane.feedback.cycle import Fleet
from warmlane.feedback.decision import Decision

ENVIRONMENT = ""
ROLE = "warmlane_guardian"
"""The PostgreSQL role whose members may read and write it."""


class Overtaken(Exception):
    """Another guardian has saved a cycle meanwhile: nothing was written, and what is known here is old."""


@dataclass
class Memory:
    """Everything that outlives the guardian."""

    cycle: int = 0
    """Cycles saved so far."""
    through: float | None = None
    """Until when counters were followed, seconds since 1970 UTC; None before the first look."""
    fleet: Fleet = field(default_factory=Fleet)
    accounts: dict[str, Account] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)
    """By campaign, the sequence of the newest record of a hold that was taken into account."""
    reasons: dict[str, str] = field(default_factory=dict)
    """By campaign, why it stands as it does: what the record of its hold tells."""
    saved: dict[str, str] = field(default_factory=dict, repr=False)
    """By campaign, what the store has of it: what did not change is not written again."""


def load(engine: Engine) -> Memory:
    """What was saved last. Raises StoreUnavailable."""
    with reading(engine) as connection:
        rows = {row.campaign: row for row in connection.execute(select(GuardianState.__table__))}
    environment = rows.pop(ENVIRONMENT, None)
    if environment is None:
        return Memory()
    whole = json.loads(environment.document)
    documents = {campaign: json.loads(row.document) for campaign, row in rows.items()}
    fleet = {"campaigns": {campaign: each["state"] for campaign, each in documents.items()}, "stops": whole["stops"]}
    return Memory(
        environment.cycle,
        whole["through"],
        Fleet.from_json(fleet),
        {campaign: Account.from_json(each["account"]) for campaign, each in documents.items()},
        {campaign: each["heard"] for campaign, each in documents.items()},
        {campaign: each["reason"] for campaign, each in documents.items() if each["reason"]},
        {campaign: row.document for campaign, row in rows.items()},
    )


def save(engine: Engine, memory: Memory, decisions: Iterable[Decision]) -> None:
    """Writes the memory after a cycle and what was decided in it, all or nothing; counts the cycle.

    Raises Overtaken; StoreUnavailable, after which it is not known what was written: load again.
    """
    documents = {campaign: _document(memory, campaign) for campaign in memory.fleet.campaigns}
    changed = {campaign: text for campaign, text in documents.items() if memory.saved.get(campaign) != text}
    following = memory.cycle + 1
    with transaction(engine) as connection:
        _count(connection, memory, following)
        for campaign, text in changed.items():
            values = {"cycle": following, "document": text}
            connection.execute(upserted(connection, GuardianState, {"campaign": campaign}, sets=values))
        rows = [
            {"cycle": following, "place": place, "subject": each.subject, "document": each.text()}
            for place, each in enumerate(decisions)
        ]
        if rows:
            connection.execute(insert(GuardianDecision), rows)
    memory.cycle, memory.saved = following, documents


def decisions(engine: Engine, subject: str, most: int = 100) -> list[dict[str, Any]]:
    """The newest decisions on a campaign, or on a lane at a provider, the newest first. Raises StoreUnavailable."""
    made = GuardianDecision
    newest = select(made.document).where(made.subject == subject).order_by(made.cycle.desc(), made.place.desc())
    with reading(engine) as connection:
        return [json.loads(text) for text in connection.scalars(newest.limit(most))]


def _document(memory: Memory, campaign: str) -> str:
    account = memory.accounts.get(campaign, Account())
    whole = {
        "state": memory.fleet.campaigns[campaign].to_json(),
        "account": account.to_json(),
        "heard": memory.heard.get(campaign, 0),
        "reason": memory.reasons.get(campaign, ""),
    }
    return json.dumps(whole, sort_keys=True, separators=(",", ":"))


def _count(connection: Connection, memory: Memory, following: int) -> None:
    document = json.dumps({"through": memory.through, "stops": list(memory.fleet.stops)})
    state = GuardianState
    if memory.cycle:
        ours = update(state).where(state.campaign == ENVIRONMENT, state.cycle == memory.cycle)
        if connection.execute(ours.values(cycle=following, document=document)).rowcount:
            return
    else:
        row = {"campaign": ENVIRONMENT, "cycle": following, "document": document}
        with suppress(IntegrityError):
            connection.execute(insert(state), row)
            return
    raise Overtaken(f"another guardian has saved a cycle after {memory.cycle}; load what it knows, then go on")
