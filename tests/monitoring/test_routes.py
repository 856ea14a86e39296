"""Who is told of which alert (amtool), and in how many messages (a real Alertmanager and a local webhook)."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from components.monitoring import documents
from components.monitoring.alert import duration
from components.monitoring.alerts import all_alerts
from tests.monitoring.alerting import running, tell

LANE = ("campaign", "lane")
ON_CALL, WORKING_HOURS, LOOKED_UP = "deliverability-on-call", "deliverability", "looked-up"

TABLE: dict[tuple[str, str], tuple[tuple[str, ...], str]] = {
    ("BounceRatioHigh", "critical"): (LANE, ON_CALL),
    ("BounceRatioHigh", "warning"): (LANE, WORKING_HOURS),
    ("BounceBudgetBurning", "critical"): (LANE, ON_CALL),
    ("BounceBudgetBurning", "warning"): (LANE, WORKING_HOURS),
    ("BounceRatioUnusual", "warning"): (LANE, WORKING_HOURS),
    ("DeferralRatioHigh", "warning"): ((*LANE, "provider"), WORKING_HOURS),
    ("ProviderDefersMany", "warning"): (("provider",), WORKING_HOURS),
    ("DeferralRatioUnusual", "warning"): (LANE, WORKING_HOURS),
    ("IdentityDrifted", "critical"): (LANE, ON_CALL),
    ("IdentityUnknown", "warning"): (LANE, WORKING_HOURS),
    ("ReflectorSilent", "critical"): ((), ON_CALL),
    ("WarmUpOverrun", "critical"): (LANE, ON_CALL),
    ("WarmUpUnderused", "info"): (LANE, LOOKED_UP),
    ("DeferredMailGrowing", "warning"): (LANE, WORKING_HOURS),
    ("BacklogTooLong", "warning"): (LANE, WORKING_HOURS),
    ("TriedMailWaitsLong", "warning"): (LANE, WORKING_HOURS),
    ("MailExpired", "warning"): (LANE, WORKING_HOURS),
    ("QueueFilesUnreadable", "warning"): (LANE, WORKING_HOURS),
    ("SenderHeld", "info"): (LANE, LOOKED_UP),
    ("SenderClosed", "critical"): ((*LANE, "reason"), ON_CALL),
    ("StoreUnreachable", "critical"): ((), ON_CALL),
    ("SenderDown", "critical"): (LANE, ON_CALL),
    ("SenderNoData", "warning"): (LANE, WORKING_HOURS),
    ("LogLinesUnparsed", "warning"): (LANE, WORKING_HOURS),
    ("AdmissionSlow", "warning"): (LANE, WORKING_HOURS),
    ("Watchdog", "info"): ((), "watchdog"),
    ("OneWithoutSeverity", ""): ((), ON_CALL),
}
"""By name and severity: which labels the alert carries, and who is told."""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("routes") / "alertmanager.yml"
    path.write_text(documents.text(documents.alertmanager_config()))
    return path


def amtool(*arguments: str) -> None:
    program = shutil.which("amtool")
    assert program, "amtool is needed: apt-get install prometheus-alertmanager"
    checked = subprocess.run([program, *arguments], text=True, capture_output=True, timeout=30)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_amtool_accepts_the_configuration(config: Path) -> None:
    amtool("check-config", str(config))


def test_every_alert_has_a_row() -> None:
    shipped = {(alert.name, alert.severity.value) for alert in all_alerts()}
    assert shipped == {row for row in TABLE if row[1]}, "an alert that nobody has given a receiver, or a row too many"


@pytest.mark.parametrize("row", TABLE, ids=" ".join)
def test_alert_reaches_its_receiver(config: Path, row: tuple[str, str]) -> None:
    carried, receiver = TABLE[row]
    name, severity = row
    labels = [f"alertname={name}", *([f"severity={severity}"] if severity else []), *(f"{key}=some" for key in carried)]
    amtool("config", "routes", "test", f"--config.file={config}", f"--verify.receivers={receiver}", *labels)


def test_the_graver_is_said_again_sooner() -> None:
    tree = documents.alertmanager_config()["route"]
    branches = {branch["receiver"]: {**tree, **branch}["repeat_interval"] for branch in tree["routes"]}
    assert branches == {ON_CALL: "1h", WORKING_HOURS: "12h", LOOKED_UP: "24h", "watchdog": "5m"}


class Message(NamedTuple):
    """A message to a receiver: what its alerts have in common, and how many they are."""

    receiver: str
    name: str
    campaign: str
    provider: str
    alerts: int


class Told:
    """A real Alertmanager with the shipped routes, whose receivers are one local webhook."""

    def __init__(self, url: str, messages: queue.Queue[Message]) -> None:
        self.url, self.messages, self.marks = url, messages, 0

    def of(self, *alerts: dict[str, str]) -> list[Message]:
        """All messages about these alerts, which begin at the same time."""
        tell(self.url, [{"labels": labels} for labels in alerts])
        found = list[Message]()
        # Each group waits as long. When the second mark is told, which was begun once the first one had been, all that
        # was begun before the first one has been told too.
        for _ in range(2):
            self.marks += 1
            mark = f"mark-{self.marks}"
            tell(self.url, [{"labels": {"alertname": "Mark", "campaign": mark, "severity": "info"}}])
            while (message := self.messages.get(timeout=20)).campaign != mark:
                found.append(message)
        return sorted(found)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    messages: queue.Queue[Message] = queue.Queue()

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name, campaign, provider = (
                said["commonLabels"].get(key, "") for key in ("alertname", "campaign", "provider")
            )
            messages.put(Message(said["receiver"], name, campaign, provider, len(said["alerts"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Webhook) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        shipped = documents.alertmanager_config()
        for receiver in shipped["receivers"]:
            receiver["webhook_configs"] = [{"url": f"http://127.0.0.1:{server.server_address[1]}/"}]
        # Only the waits are shorter and longer here: a group is told after 1 s, and then not again.
        shipped["route"] |= {"group_wait": "1s", "group_interval": "1h"}
        with running(shipped, tmp_path_factory.mktemp("alertmanager")) as url:
            yield Told(url, messages)
        server.shutdown()
        thread.join(10)


def on_lane(campaign: str, name: str, severity: str, **labels: str) -> dict[str, str]:
    """An alert of a campaign. Each test has campaigns of its own: a group that has been told waits for an hour."""
    return {"alertname": name, "severity": severity, "campaign": campaign, "lane": f"lane-of-{campaign}", **labels}


def test_a_providers_outage_is_one_message(told: Told) -> None:
    outages = [
        {"alertname": "ProviderDefersMany", "severity": "warning", "provider": provider}
        for provider in ("gmail", "yahoo")
    ]
    behind = [on_lane(f"behind-{number}", "DeferralRatioHigh", "warning", provider="gmail") for number in range(20)]
    assert told.of(*outages, *behind) == [
        Message(WORKING_HOURS, "ProviderDefersMany", "", provider, 1) for provider in ("gmail", "yahoo")
    ]


def test_a_store_that_is_down_is_one_message(told: Told) -> None:
    down = {"alertname": "StoreUnreachable", "severity": "critical"}
    closed = [on_lane(f"closed-{number}", "SenderClosed", "critical", reason="store") for number in range(20)]
    assert told.of(down, *closed) == [Message(ON_CALL, "StoreUnreachable", "", "", 1)]


def test_a_campaign_that_all_providers_put_off_is_one_message(told: Told) -> None:
    put_off = [on_lane("put-off", "DeferralRatioHigh", "warning", provider=f"mx-{number}") for number in range(5)]
    assert told.of(*put_off) == [Message(WORKING_HOURS, "DeferralRatioHigh", "put-off", "", 5)]


def test_two_campaigns_are_two_messages(told: Told) -> None:
    down = [on_lane(campaign, "SenderDown", "critical") for campaign in ("down-1", "down-2")]
    assert told.of(*down) == [Message(ON_CALL, "SenderDown", campaign, "", 1) for campaign in ("down-1", "down-2")]


def test_a_warning_that_turns_critical_is_told_at_once(told: Told) -> None:
    warned = told.of(on_lane("graver", "BounceRatioHigh", "warning"))
    assert [said.receiver for said in warned] == [WORKING_HOURS]
    graver = told.of(on_lane("graver", "BounceRatioHigh", "critical"))
    assert [said.receiver for said in graver] == [ON_CALL], "it does not wait for the warning's group_interval"


def test_what_joins_a_message_later_is_told_as_soon() -> None:
    tree = documents.alertmanager_config()["route"]
    assert tree["group_interval"] == tree["group_wait"] == duration(30), "the documented detection time counts 30 s"
