"""What the service counts."""

from __future__ import annotations

from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Histogram


class Result(StrEnum):
    """How a request ended."""

    UNSUBSCRIBED = "unsubscribed"
    AGAIN = "again"
    """The same unsubscribe stood already."""
    PAGE = "page"
    """A person, or a program that looks into mail, was shown the button."""
    TOKEN_REFUSED = "token_refused"
    BODY_REFUSED = "body_refused"
    METHOD_REFUSED = "method_refused"
    NOT_FOUND = "not_found"
    STORE_AWAY = "store_away"
    BUSY = "busy"
    KEYS_UNUSABLE = "keys_unusable"


class Counts:
    """The service's metrics: a dozen series and a histogram, and no label that grows with what is asked."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._requests = Counter(
            "unsubscribe_requests", "Requests by how they ended.", labelnames=["result"], registry=registry
        )
        for result in Result:
            self._requests.labels(result)
        self.store_seconds = Histogram(
            "unsubscribe_store_seconds", "Time until the store has an unsubscribe, in seconds.", registry=registry
        )

    def add(self, result: Result) -> None:
        """Counts a request."""
        self._requests.labels(result).inc()
