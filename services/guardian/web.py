"""What others ask the guardian over HTTP: Alertmanager's webhook, Prometheus' scrape, the kubelet's probe."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from threading import Event
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

BODY_OCTETS = 1024 * 1024
"""A larger request is refused by the server (413): some 1,000 alerts of a group fit."""

Start = Callable[[str, list[tuple[str, str]]], Any]


class Web:
    """The WSGI application."""

    def __init__(self, registry: CollectorRegistry, token: Callable[[], str], hint: Event, healthy: Callable[[], bool]):
        """`hint` is set by a webhook with the right token."""
        self._registry, self._token, self._hint, self._healthy = registry, token, hint, healthy

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answers one request."""
        match environ["REQUEST_METHOD"], environ["PATH_INFO"]:
            case "POST", "/webhook":
                return self._webhook(environ, start)
            case "GET", "/metrics":
                return _answer(start, "200 OK", generate_latest(self._registry))
            case "GET", "/healthz":
                return _answer(start, "200 OK" if self._healthy() else "503 Service Unavailable", b"")
        return _answer(start, "404 Not Found", b"")

    def _webhook(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """An alert is a hint to look at once. What it says is not read: it could name a campaign that it is not about,
        come late, twice or cut off, and the counters tell all of it themselves."""
        given = environ.get("HTTP_AUTHORIZATION", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._token()}".encode()):
            return _answer(start, "401 Unauthorized", b"", ("WWW-Authenticate", "Bearer"))
        self._hint.set()
        return _answer(start, "202 Accepted", b"")


def _answer(start: Start, status: str, body: bytes, *headers: tuple[str, str]) -> Iterable[bytes]:
    start(status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body))), *headers])
    return [body]
