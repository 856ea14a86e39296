"""Identity, closed gates and missing data: each alert fires, and stays silent where it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.monitoring.sender_alerts import gate_alerts, identity_alerts
from tests.monitoring.judging import FIRES, LITTLE, NOTHING, QUIET, RESET, Case, Told, judged, sample, told, who

CRITICAL = Told(severity="critical")


def up(values: str, **sender: str) -> dict[str, str]:
    return {f"up{{{who(**sender)}}}": values}


def identity(state: str, values: str, **sender: str) -> dict[str, str]:
    return sample("sender_identity", values, f'state="{state}"', **sender)


def closed(reason: str, values: str, **sender: str) -> dict[str, str]:
    return sample("sender_closed", values, f'reason="{reason}"', **sender)


def decisions(fast: str, all_: str) -> dict[str, str]:
    """Decisions of at most a second, and all: the others take up to 2.5 s."""
    bucket = "sender_admission_seconds_bucket"
    return {
        **sample(bucket, fast, 'le="1.0"'),
        **sample(bucket, all_, 'le="2.5"'),
        **sample(bucket, all_, 'le="+Inf"'),
        **sample("sender_admission_seconds_count", all_),
    }


CASES = [
    Case("IdentityDrifted", FIRES, "for two minutes", identity("wrong", "0x20 1x20"), "24m", (CRITICAL,)),
    Case("IdentityDrifted", QUIET, "proven", identity("wrong", "0x40"), "24m"),
    Case("IdentityDrifted", NOTHING, "no series", {}, "24m"),
    Case("IdentityUnknown", FIRES, "for a quarter of an hour", identity("unknown", "0x20 1x40"), "36m", told()),
    Case("IdentityUnknown", QUIET, "a new pod's first minutes", identity("unknown", "1x5 0x40"), "20m"),
    Case("IdentityUnknown", NOTHING, "no series", {}, "36m"),
    Case(
        "ReflectorSilent",
        FIRES,
        "two of two",
        {**identity("unknown", "0x20 1x40"), **identity("unknown", "0x20 1x40", campaign="second", lane="birch")},
        "30m",
        (Told("2", "critical", ()),),
    ),
    Case(
        "ReflectorSilent",
        QUIET,
        "two of five",
        {
            **identity("unknown", "1x60"),
            **identity("unknown", "1x60", campaign="b", lane="birch"),
            **identity("unknown", "0x60", campaign="c", lane="cedar"),
            **identity("unknown", "0x60", campaign="d", lane="dogwood"),
            **identity("unknown", "0x60", campaign="e", lane="elder"),
        },
        "30m",
    ),
    Case("ReflectorSilent", LITTLE, "one of one is that campaign's", identity("unknown", "1x60"), "30m"),
    Case("ReflectorSilent", NOTHING, "no series", {}, "30m"),
    Case("SenderHeld", FIRES, "at once", closed("hold", "0x20 1x20"), "22m", told(severity="info")),
    Case("SenderHeld", QUIET, "closed for another reason", closed("store", "1x40"), "22m"),
    Case("SenderHeld", NOTHING, "no series", {}, "22m"),
    Case(
        "SenderClosed",
        FIRES,
        "clocks disagree",
        closed("clocks", "0x20 1x20"),
        "28m",
        told(severity="critical", reason="clocks"),
    ),
    Case(
        "SenderClosed",
        FIRES,
        "the lane has no counters",
        closed("counters", "0x20 1x20"),
        "28m",
        told(severity="critical", reason="counters"),
    ),
    Case("SenderClosed", QUIET, "a hold is somebody's will", closed("hold", "1x40"), "28m"),
    Case("SenderClosed", QUIET, "a start of three minutes", closed("starting", "1x3 0x40"), "28m"),
    Case("SenderClosed", NOTHING, "no series", {}, "28m"),
    Case(
        "StoreUnreachable",
        FIRES,
        "both campaigns",
        {**closed("store", "0x20 1x20"), **closed("store", "0x20 1x20", campaign="second", lane="birch")},
        "25m",
        (Told("2", "critical", ()),),
    ),
    Case(
        "StoreUnreachable",
        QUIET,
        "one of three is that campaign's",
        {
            **closed("store", "1x40"),
            **closed("store", "0x40", campaign="b", lane="birch"),
            **closed("store", "0x40", campaign="c", lane="cedar"),
        },
        "25m",
    ),
    Case("StoreUnreachable", NOTHING, "no series", {}, "25m"),
    Case("SenderDown", FIRES, "for three minutes", up("1x20 0x20"), "24m", told("1", "critical")),
    Case(
        "SenderDown",
        FIRES,
        "both pods are one alert",
        {**up("1x20 0x20"), **up("1x20 0x20", pod="b")},
        "24m",
        told("2", "critical"),
    ),
    Case("SenderDown", QUIET, "a missed scrape", up("1x20 0 1x20"), "22m"),
    Case("SenderDown", QUIET, "a pod that was replaced", {**up("1x20 stale"), **up("1x60", pod="b")}, "40m"),
    Case("SenderDown", QUIET, "another job is no sender", {'up{job="prometheus"}': "0x40"}, "30m"),
    Case("SenderDown", NOTHING, "no series", {}, "24m"),
    Case("SenderNoData", FIRES, "a lease without a sender", {}, "15m", told()),
    Case("SenderNoData", FIRES, "a sender that vanished", up("1x20 stale"), "40m", told()),
    Case(
        "SenderNoData",
        FIRES,
        "another campaign's sender on this lane is none of this campaign",
        up("1x60", campaign="other"),
        "40m",
        told(),
    ),
    Case("SenderNoData", QUIET, "a sender that is down is known: another alert", up("0x60"), "40m"),
    Case("SenderNoData", QUIET, "a deploy of eight minutes", up("_x8 1x30"), "9m"),
    Case("SenderNoData", NOTHING, "only other jobs", {'up{job="prometheus"}': "1x60"}, "40m", told()),
    Case(
        "LogLinesUnparsed",
        FIRES,
        "one line",
        sample("sender_log_lines_unparsed_total", "0x20 1x60"),
        "22m",
        told("1"),
    ),
    Case("LogLinesUnparsed", QUIET, "none", sample("sender_log_lines_unparsed_total", "7x80"), "22m"),
    Case("LogLinesUnparsed", NOTHING, "no series", {}, "22m"),
    Case("LogLinesUnparsed", RESET, "a restart", sample("sender_log_lines_unparsed_total", "7x20 0x60"), "22m"),
    Case(
        "AdmissionSlow",
        FIRES,
        "one in ten takes over a second",
        decisions("0+90x60", "0+100x60"),
        "30m",
        told("2.35s"),
    ),
    Case("AdmissionSlow", QUIET, "one in a thousand", decisions("0+999x60", "0+1000x60"), "30m"),
    Case("AdmissionSlow", LITTLE, "99 slow ones", decisions("0x60", "0x16 99x44"), "30m"),
    Case("AdmissionSlow", NOTHING, "no series", {}, "30m"),
    Case("AdmissionSlow", RESET, "a restart", decisions("0+999x15 0+999x45", "0+1000x15 0+1000x45"), "30m"),
    Case("Watchdog", FIRES, "always", {}, "1m", (Told("", "info", ()),)),
]
COUNTED = {"LogLinesUnparsed", "AdmissionSlow"}
"""Alerts on counters, which a restart resets."""
FLOORED = {"ReflectorSilent", "AdmissionSlow"}
"""Alerts with a floor. A single line that is not understood is already worth telling."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert}, {case.kind}: {case.why}")
def test_alert(case: Case, tmp_path: Path) -> None:
    result = judged(case, tmp_path)
    assert result.returncode == 0, f"{case.why}\n{result.stdout}{result.stderr}"


def test_every_alert_has_a_case_of_every_kind() -> None:
    names = {alert.name for alert in [*identity_alerts(), *gate_alerts()]}
    ends = names - {"Watchdog"}  # which is never silent
    kinds = {FIRES: names, QUIET: ends, NOTHING: ends, LITTLE: FLOORED, RESET: COUNTED}
    assert {kind: {case.alert for case in CASES if case.kind == kind} for kind in kinds} == kinds
