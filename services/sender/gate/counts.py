"""What the gate counts, and its saved form."""

from __future__ import annotations

from collections.abc import Mapping
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
from services.sender.gate.providers import PROVIDERS, provider

IDS_KEPT = 2000
"""Queue ids of one kind that are remembered at once; the oldest is forgotten first."""

Deliveries = dict[tuple[str, str], int]


def _no_deliveries() -> Deliveries:
    return {(outcome.value, name): 0 for outcome in Outcome for name in PROVIDERS}


@dataclass
class Counts:
    """Totals since the log began. Every series exists from the start, or `increase()` would miss the first bounce."""

    deliveries: Deliveries = field(default_factory=_no_deliveries)
    """By outcome and provider. Postfix' own bounce notices (null sender) are not the campaign's mail."""
    submissions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SUBMISSION_RESULTS, 0))
    unparsed: int = 0
    notices: dict[str, None] = field(default_factory=dict)
    """Queue ids of messages with a null sender that are in the queue, in order of arrival."""
    started: dict[str, None] = field(default_factory=dict)
    """Queue ids that a producer has begun and that have not reached the queue yet (or were given up)."""

    def add(self, event: Event | None) -> None:
        """Counts an event."""
        match event:
            case Delivery() if event.queue_id not in self.notices:
                self.deliveries[event.outcome.value, provider(event.recipient_domain, event.relay_host)] += 1
            case Started():
                _remember(self.started, event.queue_id)
            case Refused():
                self.submissions[event.result] += 1
            case Unparsed():
                self.unparsed += 1
            case Queued():
                if event.null_sender:
                    _remember(self.notices, event.queue_id)
                elif event.queue_id in self.started:
                    del self.started[event.queue_id]
                    self.submissions["accepted"] += 1
            case Removed():
                self.notices.pop(event.queue_id, None)
            case _:
                pass

    def to_json(self) -> dict[str, Any]:
        """The counts as plain JSON values."""
        return {
            "deliveries": [[outcome, name, count] for (outcome, name), count in self.deliveries.items()],
            "submissions": self.submissions,
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
        counts.unparsed = int(saved["unparsed"])
        counts.notices = dict.fromkeys(saved["notices"])
        counts.started = dict.fromkeys(saved["started"])
        return counts


def _remember(ids: dict[str, None], queue_id: str) -> None:
    ids[queue_id] = None
    if len(ids) > IDS_KEPT:
        del ids[next(iter(ids))]
