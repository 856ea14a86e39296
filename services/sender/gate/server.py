"""The gate's HTTP server: /metrics for Prometheus, /healthz for the kubelet."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST

REQUEST_TIMEOUT = 10
"""Seconds after which a client that says nothing is dropped."""


def server(address: tuple[str, int], metrics: Callable[[], bytes], healthy: Callable[[], bool]) -> ThreadingHTTPServer:
    """A server that is bound but not yet serving.

    `healthy` tells whether the gate itself works; it never depends on a hold, on the way out or on Postfix, so that a
    held sender stays ready.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = REQUEST_TIMEOUT
        server_version = "warmlane-gate"
        sys_version = ""

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/metrics":
                self._answer(200, metrics(), CONTENT_TYPE_LATEST)
            elif path == "/healthz":
                fine = healthy()
                self._answer(200 if fine else 503, b"ok\n" if fine else b"the log is not being read\n", "text/plain")
            else:
                self._answer(404, b"not found\n", "text/plain")

        def _answer(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Scrapes and probes are not worth a line each."""

    return ThreadingHTTPServer(address, Handler)
