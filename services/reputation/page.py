"""The exporter's two pages: /metrics for Prometheus, /healthz for the kubelet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.registry import Collector


def pages(collector: Collector, healthy: Callable[[], bool]) -> WSGIApplication:
    """A WSGI application. `healthy` tells whether the exporter still looks, whatever it finds."""
    registry = CollectorRegistry()
    registry.register(collector)

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        status, kind, body = "404 Not Found", "text/plain", b"not found\n"
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            status, body = "405 Method Not Allowed", b"GET only\n"
        elif environ["PATH_INFO"] == "/metrics":
            status, kind, body = "200 OK", CONTENT_TYPE_LATEST, generate_latest(registry)
        elif environ["PATH_INFO"] == "/healthz":
            fine = healthy()
            status = "200 OK" if fine else "503 Service Unavailable"
            body = b"ok\n" if fine else b"no look at blocklists and DNS has ended for too long\n"
        start(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    return answer
