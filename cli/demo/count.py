"""What became of the demo's messages, from the receivers' records and from Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lab.receivers import Receipt

COLUMNS = (
    "campaign",
    "lane",
    "source IP (receivers saw)",
    "submitted",
    "delivered (receivers)",
    "delivered (Prometheus)",
    "policies passed",
)
DELIVERED = 'sum by (campaign, pod) (sender_deliveries_total{outcome="delivered"})'
Series = Mapping[tuple[tuple[str, str], ...], float]
"""Prometheus' answer to DELIVERED: value by labels."""


@dataclass(frozen=True)
class Row:
    """A campaign's part of a demo. `sources` are the addresses that the receivers saw its messages come from."""

    campaign: str
    lane: str
    address: str
    sources: tuple[str, ...]
    submitted: int
    received: int
    counted: int
    policies_passed: int
    policies: int

    @property
    def cells(self) -> tuple[str, ...]:
        """For the table."""
        return (
            self.campaign,
            self.lane,
            ", ".join(self.sources) or "-",
            str(self.submitted),
            str(self.received),
            str(self.counted),
            f"{self.policies_passed} of {self.policies}",
        )

    @property
    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def complaints(self, messages: int) -> list[str]:
        """What is not as it should be, one sentence each."""
        found = list[str]()
        if self.received != messages:
            found.append(f"{self.received} of {messages} messages reached the receivers")
        if self.counted != self.received:
            found.append(f"Prometheus counted {self.counted} deliveries, the receivers {self.received}")
        if self.sources and self.sources != (self.address,):
            found.append(f"messages came from {', '.join(self.sources)}, and its lane {self.lane} has {self.address}")
        return [f"{self.campaign}: {text}." for text in found]


def of_run(receipts: Iterable[Receipt], run: str) -> dict[str, list[Receipt]]:
    """Receipts of one run's messages by sending domain, each message once.

    The domain is the message id's, which the producer wrote, not the envelope's, which a mix-up might have changed too.
    """
    found = dict[str, dict[str, Receipt]]()
    for receipt in receipts:
        local, _, domain = receipt.message_id.strip("<> ").partition("@")
        if local.startswith(f"{run}."):
            found.setdefault(domain, {}).setdefault(receipt.message_id, receipt)
    return {domain: list(messages.values()) for domain, messages in found.items()}


def sources(receipts: Iterable[Receipt]) -> tuple[str, ...]:
    """The addresses that messages came from, sorted."""
    return tuple(sorted({receipt.source for receipt in receipts}))


def risen(before: Series, after: Series) -> dict[str, int]:
    """By campaign, what was delivered between two answers.

    Pod by pod, as one that a roll-out took away still shows for some minutes what it had delivered before.
    """
    found = dict[str, int]()
    for labels, value in after.items():
        campaign = dict(labels).get("campaign", "")
        found[campaign] = found.get(campaign, 0) + int(value - before.get(labels, 0))
    return found


def recipients(messages: int, domains: Sequence[str], run: str) -> list[str]:
    """One address for each message, the domains taking turns."""
    return [f"{run}-{number}@{domains[number % len(domains)]}" for number in range(messages)]
