"""A Prometheus of the tests' own: samples in memory, asked by the range selectors that the guardian uses."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ASKED = re.compile(r'(\w+)\{job="(\w+)"\}\[(\d+)ms\]')
JOB = "email_senders"


class Store:
    """Series by name and labels. `broken` is what is answered in place of them."""

    def __init__(self) -> None:
        self.series: dict[tuple[str, frozenset[tuple[str, str]]], list[tuple[float, float]]] = {}
        self.broken: tuple[int, bytes] | None = None
        self.url = ""

    def add(self, name: str, at: float, value: float, **labels: str) -> None:
        """One sample."""
        self.series.setdefault((name, frozenset({**labels, "job": JOB}.items())), []).append((at, value))

    def scrape(
        self, at: float, pod: str = "a", up: int = 1, campaign: str = "sale", provider: str = "gmail", **outcomes: int
    ) -> None:
        """What a scrape of a pod brings: `up`, its identity, and its counters at a provider."""
        who = {"campaign": campaign, "lane": "amber", "pod": pod, "instance": f"{pod}:9100"}
        self.add("up", at, up, **who)
        if not up:
            return
        self.add("sender_identity", at, 1, **who, state="proven")
        for outcome in ("delivered", "bounced", "deferred"):
            self.add("sender_deliveries_total", at, outcomes.get(outcome, 0), **who, provider=provider, outcome=outcome)

    def answer(self, query: str, until: float) -> tuple[int, bytes]:
        """As the API answers an instant query of a range selector: from after its begin, and up to its end."""
        if self.broken:
            return self.broken
        found = ASKED.fullmatch(query)
        assert found, f"{query} is no range selector"
        since = until - int(found[3]) / 1000
        result = []
        for (name, labels), samples in self.series.items():
            values = [[at, str(value)] for at, value in samples if since < at <= until]
            if name == found[1] and values:
                result.append({"metric": {"__name__": name, **dict(labels)}, "values": values})
        return 200, json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode()


@contextmanager
def serving() -> Iterator[Store]:
    """A running server."""
    store = Store()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            status, body = store.answer(query["query"][0], float(query["time"][0]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    store.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
