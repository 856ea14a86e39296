"""What the gate counts, and its saved form."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.sender.gate.log_lines import (
    SUBMISSION_RESULTS,
    Delivery,
    Event,
    Outcome,
    Queued,
    Refused,
    Removed,
    Started,
    Unparsed,
)
from warmlane.providers import PROVIDERS, provider
from warmlane.returns.replies import ReplyClass, classify

IDS_KEPT = 2000
"""Queue ids of one kind that are remembered at once; the oldest is forgotten first."""

WITHDRAWN = ("suppressed", "expired")
"""Why mail left the queue without another try."""

Deliveries = dict[tuple[str, str], int]


def _no_deliveries() -> Deliveries:
    return {(outcome.value, name): 0 for outcome in Outcome for name in PROVIDERS}


@dataclass
class Counts:
    """Totals since the log began. Every series exists from the start, or `increase()` would miss the first bounce."""

    deliveries: Deliveries = field(default_factory=_no_deliveries)
    """By outcome and provider. Postfix' own bounce notices (null sender) are not the campaign's mail."""
    submissions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SUBMISSION_RESULTS, 0))
    tokens: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PROVIDERS, 0))
    """Tokens taken by provider, those that were given back left out."""
    bounces: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ReplyClass, 0))
    """By class (`warmlane.returns.replies`); all providers together."""
    withdrawn: dict[str, int] = field(default_factory=lambda: dict.fromkeys(WITHDRAWN, 0))
    unparsed: int = 0
    notices: dict[str, None] = field(default_factory=dict)
    """Queue ids of messages with a null sender that are in the queue, in order of arrival."""
    started: dict[str, None] = field(default_factory=dict)
    """Queue ids that a producer has begun and that have not reached the queue yet (or were given up)."""

    def add(self, event: Event | None) -> None:
        """Counts an event."""
        match event:
            case Delivery() if event.queue_id not in self.notices:
                name = provider(event.recipient_domain, event.relay_host)
                self.deliveries[event.outcome.value, name] += 1
                if event.outcome is Outcome.BOUNCED:
                    self.bounces[classify(name, event.code, event.status, event.reply)] += 1
            case Started():
                _remember(self.started, event.queue_id)
            case Refused():
                self.submissions[event.result] += 1
            case Unparsed():
                self.unparsed += 1
            case Queued():
                if event.null_sender:
                    _remember(self.notices, event.queue_id)
            case Removed():
                self.notices.pop(event.queue_id, None)
            case _:
                pass

    def arrived(self, queue_ids: Container[str]) -> None:
        """Counts messages as accepted whose files are complete; Postfix logs no line for mail that it holds."""
        for queue_id in [each for each in self.started if each in queue_ids]:
            del self.started[queue_id]
            self.submissions["accepted"] += 1

    def to_json(self) -> dict[str, Any]:
        """The counts as plain JSON values."""
        return {
            "deliveries": [[outcome, name, count] for (outcome, name), count in self.deliveries.items()],
            "submissions": self.submissions,
            "tokens": self.tokens,
            "bounces": self.bounces,
            "withdrawn": self.withdrawn,
            "unparsed": self.unparsed,
            "notices": list(self.notices),
            "started": list(self.started),
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Counts:
        """The counts that `to_json` gave. Labels that are no longer known are left out."""
        counts = cls()
        for outcome, name, count in saved["deliveries"]:
            if (outcome, name) in counts.deliveries:
                counts.deliveries[outcome, name] = int(count)
        for result, count in saved["submissions"].items():
            if result in counts.submissions:
                counts.submissions[result] = int(count)
        by_label = {"tokens": counts.tokens, "bounces": counts.bounces, "withdrawn": counts.withdrawn}
        for name, kept in by_label.items():
            for label, count in saved.get(name, {}).items():
                if label in kept:
                    kept[label] = int(count)
        counts.unparsed = int(saved["unparsed"])
        counts.notices = dict.fromkeys(saved["notices"])
        counts.started = dict.fromkeys(saved["started"])
        return counts


def _remember(ids: dict[str, None], queue_id: str) -> None:
    ids[queue_id] = None
    if len(ids) > IDS_KEPT:
        del ids[next(iter(ids))]
