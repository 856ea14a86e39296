"""One cause is told once: a real Alertmanager with the shipped configuration."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator

import pytest

from components.monitoring import documents
from components.monitoring.alerts import all_alerts
from tests.monitoring.alerting import running, tell

LANE = {"campaign": "spring-sale", "lane": "amber"}
OTHER = {"campaign": "newsletter", "lane": "birch"}


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(documents.alertmanager_config(), tmp_path_factory.mktemp("alertmanager")) as url:
        yield url


def alert(name: str, **labels: str) -> dict[str, str]:
    severities = {alert.severity.value for alert in all_alerts() if alert.name == name}
    return {"alertname": name, "severity": min(severities), **labels}


def loud(url: str, given: list[dict[str, str]], mark: str) -> set[str]:
    """Names (with campaign, where there is one) of the alerts that are not inhibited, all of which are told here."""
    tell(url, [{"labels": {**labels, "test": mark}} for labels in given])
    filtered = f"{url}?inhibited=false&filter=test%3D%22{mark}%22"
    told = set[str]()
    for _ in range(50):
        # An alert's silence is reckoned when its group is: soon after, not at once.
        with urllib.request.urlopen(filtered, timeout=5) as answer:
            told = {
                " ".join([a["labels"]["alertname"], a["labels"].get("campaign", "")]).strip() for a in json.load(answer)
            }
        if told:
            break
        time.sleep(0.1)
    # What fires in one test explains nothing in the next.
    ended = {"endsAt": "2000-01-02T00:00:00Z", "startsAt": "2000-01-01T00:00:00Z"}
    tell(url, [{"labels": {**labels, "test": mark}, **ended} for labels in given])
    return told


CASES: dict[str, tuple[list[dict[str, str]], set[str]]] = {
    "store down": (
        [
            alert("StoreUnreachable"),
            alert("SenderClosed", reason="store", **LANE),
            alert("SenderClosed", reason="store", **OTHER),
            alert("BacklogTooLong", **OTHER),
        ],
        {"StoreUnreachable"},
    ),
    "store down and a clock wrong": (
        [alert("StoreUnreachable"), alert("SenderClosed", reason="clocks", **LANE)],
        {"StoreUnreachable", "SenderClosed spring-sale"},
    ),
    "reflector silent": (
        [
            alert("ReflectorSilent"),
            alert("IdentityUnknown", **LANE),
            alert("IdentityUnknown", **OTHER),
            alert("DeferredMailGrowing", **LANE),
        ],
        {"ReflectorSilent"},
    ),
    "one campaign's identity": (
        [alert("IdentityDrifted", **LANE), alert("IdentityUnknown", **LANE), alert("IdentityUnknown", **OTHER)],
        {"IdentityDrifted spring-sale", "IdentityUnknown newsletter"},
    ),
    "held": (
        [
            alert("SenderHeld", **LANE),
            alert("WarmUpUnderused", **LANE),
            alert("BacklogTooLong", **LANE),
            alert("BacklogTooLong", **OTHER),
        ],
        {"SenderHeld spring-sale", "BacklogTooLong newsletter"},
    ),
    "bounces": (
        [
            {**alert("BounceRatioHigh", **LANE), "severity": "critical"},
            {**alert("BounceRatioHigh", **LANE), "severity": "warning"},
            alert("BounceBudgetBurning", **LANE),
            alert("BounceRatioUnusual", **LANE),
            alert("BounceRatioUnusual", **OTHER),
        ],
        {"BounceRatioHigh spring-sale", "BounceRatioUnusual newsletter"},
    ),
    "a provider's outage": (
        [
            alert("ProviderDefersMany", provider="gmail"),
            alert("DeferralRatioHigh", provider="gmail", **LANE),
            alert("DeferralRatioHigh", provider="gmail", **OTHER),
            alert("DeferralRatioHigh", provider="yahoo", **OTHER),
            alert("DeferralRatioUnusual", **LANE),
        ],
        {"ProviderDefersMany", "DeferralRatioHigh newsletter"},
    ),
    "a sender down hides no other cause": (
        [alert("SenderDown", **LANE), alert("IdentityDrifted", **LANE), alert("DeferredMailGrowing", **LANE)],
        {"SenderDown spring-sale", "IdentityDrifted spring-sale"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_one_cause_is_told_once(alertmanager: str, name: str) -> None:
    given, expected = CASES[name]
    assert loud(alertmanager, given, name.replace(" ", "-").replace("'", "")) == expected
