"""Providers' figures by a real HTTP server: a value, nothing, or an error, and never a silent zero."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address

import pytest

from services.reputation.figures import Figures
from services.reputation.metrics import ReputationCollector
from services.reputation.mounts import Keys
from services.reputation.records import DnsRecords
from services.reputation.sources.postmaster import Postmaster
from services.reputation.sources.snds import Snds
from services.reputation.sources.source import Outcome, SourceError
from services.reputation.sweep import Sweeps
from warmlane.recipients.resolver import DnsLookup, DnsServer
from warmlane.reputation.config import Reputation, Watched, WatchedLane
from warmlane.reputation.zones import Kind

TODAY = date(2026, 11, 24)
ADDRESS, DOMAIN, SECRET = "192.0.2.9", "news.example.com", "not-to-be-seen"


@contextmanager
def server(answers: dict[str, tuple[int, str]]) -> Iterator[str]:
    """Answers by the path's last word; its base address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body = answers[self.path.partition("?")[0].rpartition("/")[2]]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body.encode())))
            if status == 302:
                self.send_header("Location", "/login")
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_address[1]}"
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def row(day: str = "11/23/2026", result: str = "YELLOW", complaints: str = "0.3%", traps: str = "2") -> str:
    return (
        f"{ADDRESS},{day} 12:00 AM,{day} 11:00 PM,1895,1894,1890,{result},{complaints},,,{traps},helo,a@example.com,\n"
    )


def snds(status: int, body: str) -> tuple[Outcome, dict[str, float]]:
    with server({"data.aspx": (status, body)}) as url:
        try:
            report = Snds(SECRET, f"{url}/data.aspx").read([ADDRESS], TODAY)[ADDRESS]
        except SourceError as error:
            assert SECRET not in str(error)
            return error.outcome, {}
    return report.outcome, dict(report.figures)


FIGURES = {"complaint_ratio": 0.003, "recipients": 1890.0, "spam_ratio_at_least": 0.1, "trap_hits": 2.0}


@pytest.mark.parametrize(
    ("status", "body", "outcome", "figures"),
    [
        (200, row(), Outcome.VALUE, FIGURES),
        (200, row("11/22/2026", "RED") + row(), Outcome.VALUE, FIGURES),
        (200, row(complaints="< 0.1%"), Outcome.VALUE, FIGURES | {"complaint_ratio": 0.001}),
        (200, "", Outcome.EMPTY, {}),
        (200, row().replace(ADDRESS, "192.0.2.10"), Outcome.EMPTY, {}),
        (200, row("11/10/2026"), Outcome.STALE, {}),
        (200, row("12/24/2026"), Outcome.MALFORMED, {}),
        (200, row(result="PURPLE"), Outcome.MALFORMED, {}),
        (200, row(traps=""), Outcome.MALFORMED, {}),
        (200, "<html>Please sign in</html>", Outcome.MALFORMED, {}),
        (302, "", Outcome.MALFORMED, {}),
        (401, "", Outcome.DENIED, {}),
        (429, "", Outcome.LIMITED, {}),
        (503, "", Outcome.UNREACHABLE, {}),
    ],
)
def test_snds(status: int, body: str, outcome: Outcome, figures: dict[str, float]) -> None:
    found, values = snds(status, body)
    assert found is outcome and values == pytest.approx(figures)


def credentials(url: str) -> str:
    parts = {"client_id": "id", "client_secret": SECRET, "refresh_token": SECRET, "token_uri": f"{url}/token"}
    return json.dumps(parts)


def stats(day: int = 23, value: object = None, metric: str = "spam_ratio") -> str:
    stat = {
        "metric": metric,
        "date": {"year": 2026, "month": 11, "day": day},
        "value": {"doubleValue": 0.002} if value is None else value,
    }
    return json.dumps({"domainStats": [stat]})


TOKEN = (200, json.dumps({"access_token": SECRET, "expires_in": 3599}))


@pytest.mark.parametrize(
    ("token", "answer", "outcome", "figures"),
    [
        (TOKEN, (200, stats()), Outcome.VALUE, {"spam_ratio": 0.002}),
        (TOKEN, (200, stats(value={"doubleValue": 0})), Outcome.VALUE, {"spam_ratio": 0}),
        (TOKEN, (200, "{}"), Outcome.EMPTY, {}),
        (TOKEN, (200, stats(metric="spf_ratio")), Outcome.EMPTY, {}),
        (TOKEN, (200, stats(day=18)), Outcome.STALE, {}),
        (TOKEN, (200, stats(value={})), Outcome.MALFORMED, {}),
        (TOKEN, (200, stats(value={"doubleValue": 7})), Outcome.MALFORMED, {}),
        (TOKEN, (200, '{"domainStats": {"spam": 0}}'), Outcome.MALFORMED, {}),
        (TOKEN, (200, "[]"), Outcome.MALFORMED, {}),
        (TOKEN, (401, ""), Outcome.DENIED, {}),
        (TOKEN, (403, ""), Outcome.DENIED, {}),
        (TOKEN, (429, ""), Outcome.LIMITED, {}),
        (TOKEN, (500, ""), Outcome.UNREACHABLE, {}),
        ((400, '{"error": "invalid_grant"}'), (200, stats()), Outcome.DENIED, {}),
        ((200, "{}"), (200, stats()), Outcome.MALFORMED, {}),
    ],
)
def test_postmaster(
    token: tuple[int, str], answer: tuple[int, str], outcome: Outcome, figures: dict[str, float]
) -> None:
    with server({"token": token, "domainStats:query": answer}) as url:
        try:
            report = Postmaster(credentials(url), url).read([DOMAIN], TODAY)[DOMAIN]
            found, values = report.outcome, dict(report.figures)
        except SourceError as error:
            assert SECRET not in str(error)
            found, values = error.outcome, {}
    assert found is outcome and values == pytest.approx(figures)


def test_nothing_listens() -> None:
    with server({}) as url:
        pass
    with pytest.raises(SourceError) as failed:
        Snds(SECRET, f"{url}/data.aspx").read([ADDRESS], TODAY)
    assert failed.value.outcome is Outcome.UNREACHABLE and SECRET not in str(failed.value)


@pytest.mark.parametrize(
    ("body", "key", "state", "shown"),
    [(row(), SECRET, "value", 4), ("", SECRET, "empty", 0), (row(), "", "denied", 0)],
)
def test_the_page_shows_a_figure_only_where_there_is_one(
    body: str, key: str, state: str, shown: int, capsys: pytest.CaptureFixture[str]
) -> None:
    lane = WatchedLane(address=IPv4Address(ADDRESS), hostname="amber.example.net", campaign="sale")
    watched = Watched(lanes={"amber": lane}, domains={"sale": DOMAIN}, ask=Reputation(snds=True))
    lookup = DnsLookup([DnsServer("127.0.0.1")])
    with server({"data.aspx": (200, body)}) as url:
        figures = Figures({"snds": (Kind.ADDRESS, lambda key: Snds(key, f"{url}/data.aspx"))}, lambda: TODAY)
        asyncio.run(figures.look(watched, Keys({"snds": key} if key else {})))
    collector = ReputationCollector(watched, Sweeps(lookup), DnsRecords(lookup), figures)
    samples = [sample for family in collector.collect() for sample in family.samples]
    states = [sample.labels["state"] for sample in samples if sample.name == "reputation_source_state"]
    assert states == [state]
    assert sum(sample.name == "reputation_source_value" for sample in samples) == shown
    assert SECRET not in str(samples) + str(capsys.readouterr())
