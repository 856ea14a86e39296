"""Warm-up and queues: each alert fires, and stays silent where it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.monitoring.sender_alerts import queue_alerts, warm_up_alerts
from tests.monitoring.judging import FIRES, LITTLE, NOTHING, QUIET, RESET, Case, deliveries, judged, sample, told


def day(delivered: str, limit: str = "1000x400") -> dict[str, str]:
    """Deliveries and limit at steps of five minutes."""
    return {**deliveries("delivered", delivered), **sample("sender_limit_messages", limit)}


def deferred_queue(values: str) -> dict[str, str]:
    return sample("sender_queue_messages", values, 'queue="deferred"')


def waiting(values: str, limit: str = "100x240") -> dict[str, str]:
    return {**sample("sender_waiting_messages", values, 'provider="other"'), **sample("sender_limit_messages", limit)}


def oldest(values: str, state: str = "tried") -> dict[str, str]:
    return sample("sender_queue_oldest_seconds", values, f'state="{state}"')


def expired(values: str) -> dict[str, str]:
    return sample("sender_messages_withdrawn_total", values, 'reason="expired"')


CASES = [
    Case("WarmUpOverrun", FIRES, "1,200 of 1,000", day("0x12 1200x60"), "2h", told("1.2k", "critical"), step="5m"),
    Case("WarmUpOverrun", QUIET, "the whole limit", day("0x12 1000x60"), "2h", step="5m"),
    Case("WarmUpOverrun", QUIET, "1,000 on each of two days", day("0x12 1000x276 2000x60"), "26h", step="5m"),
    Case(
        "WarmUpOverrun",
        QUIET,
        "the limit of the morning was throttled, and the gate has closed",
        day("0x12 900x60", "1000x12 300x6 0x60"),
        "2h",
        step="5m",
    ),
    Case("WarmUpOverrun", LITTLE, "mail under way as the day turned", day("0x12 112x60", "100x80"), "2h", step="5m"),
    Case(
        "WarmUpOverrun",
        FIRES,
        "on a day on which nothing may leave",
        day("0x12 500x276 500x24 600x40", "1000x276 0x100"),
        "27h",
        told("100", "critical"),
        step="5m",
    ),
    Case("WarmUpOverrun", NOTHING, "no limit is known", deliveries("delivered", "0x12 1200x60"), "2h", step="5m"),
    Case("WarmUpOverrun", RESET, "a restart counts nothing twice", day("0x12 600x12 0x6 300x40"), "3h", step="5m"),
    Case(
        "WarmUpOverrun",
        RESET,
        "before and after a restart it is too much",
        day("0x12 600x12 0x6 600x40"),
        "3h",
        told("1.2k", "critical"),
        step="5m",
    ),
    Case(
        "WarmUpUnderused",
        FIRES,
        "100 a day of 1,000, for three days",
        day("0x12 100x288 200x288 300x288 400x300", "1000x1200"),
        "74h",
        told("100", "info"),
        step="5m",
    ),
    Case(
        "WarmUpUnderused",
        QUIET,
        "the first day began late, the second is full",
        day("0x12 100x288 1000x288 1900x300", "1000x1200"),
        "52h",
        step="5m",
    ),
    Case(
        "WarmUpUnderused",
        LITTLE,
        "50 of 50 a day",
        day("0x12 50x288 100x288 150x288 200x300", "50x1200"),
        "74h",
        step="5m",
    ),
    Case("WarmUpUnderused", NOTHING, "no series", {}, "74h", step="5m"),
    Case(
        "WarmUpUnderused",
        RESET,
        "900 a day, with restarts",
        day("0x12 900x288 0x12 900x276 0x12 900x276 0x12 900x300", "1000x1200"),
        "74h",
        step="5m",
    ),
    Case(
        "DeferredMailGrowing",
        FIRES,
        "100 more each hour",
        deferred_queue("0+2x400"),
        "5h",
        told("600"),
    ),
    Case("DeferredMailGrowing", QUIET, "many, and fewer each hour", deferred_queue("900-2x300"), "5h"),
    Case("DeferredMailGrowing", QUIET, "it grew and stands", deferred_queue("0+10x200 2000x200"), "5h"),
    Case("DeferredMailGrowing", LITTLE, "48 became 120", deferred_queue("0+0.4x400"), "5h"),
    Case("DeferredMailGrowing", NOTHING, "no series", {}, "5h"),
    Case("BacklogTooLong", FIRES, "four days' mail", waiting("400x240"), "30m", told("4")),
    Case("BacklogTooLong", QUIET, "two days' mail", waiting("200x240"), "30m"),
    Case("BacklogTooLong", LITTLE, "49 messages at 10 a day", waiting("49x240", "10x240"), "30m"),
    Case("BacklogTooLong", NOTHING, "no limit is known", waiting("400x240", "0x240"), "30m"),
    Case("TriedMailWaitsLong", FIRES, "two days and an hour", oldest("176400+60x60"), "30m", told("2d 1h 30m 0s")),
    Case("TriedMailWaitsLong", QUIET, "a day", oldest("86400+60x60"), "30m"),
    Case("TriedMailWaitsLong", QUIET, "it was never tried", oldest("900000+60x60", "untried"), "30m"),
    Case("TriedMailWaitsLong", NOTHING, "no series", {}, "30m"),
    Case("MailExpired", FIRES, "three messages", expired("0x20 3x60"), "25m", told("3")),
    Case(
        "MailExpired",
        QUIET,
        "suppressed mail is no expired mail",
        sample("sender_messages_withdrawn_total", "0x20 3x60", 'reason="suppressed"'),
        "25m",
    ),
    Case("MailExpired", QUIET, "long ago", expired("0x20 3x200"), "2h"),
    Case("MailExpired", NOTHING, "no series", {}, "25m"),
    Case("MailExpired", RESET, "a restart", expired("3x20 0x60"), "25m"),
    Case(
        "QueueFilesUnreadable",
        FIRES,
        "two files",
        sample("sender_queue_files_unreadable", "0x20 2x60"),
        "35m",
        told("2"),
    ),
    Case("QueueFilesUnreadable", QUIET, "none", sample("sender_queue_files_unreadable", "0x80"), "35m"),
    Case("QueueFilesUnreadable", NOTHING, "no series", {}, "35m"),
]
COUNTED = {"WarmUpOverrun", "WarmUpUnderused", "MailExpired"}
"""Alerts on counters, which a restart resets."""
FLOORED = {"WarmUpOverrun", "WarmUpUnderused", "DeferredMailGrowing", "BacklogTooLong"}
"""Alerts with a floor. A single unreadable file or expired message is already worth telling."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert}, {case.kind}: {case.why}")
def test_alert(case: Case, tmp_path: Path) -> None:
    result = judged(case, tmp_path)
    assert result.returncode == 0, f"{case.why}\n{result.stdout}{result.stderr}"


def test_every_alert_has_a_case_of_every_kind() -> None:
    names = {alert.name for alert in [*warm_up_alerts(), *queue_alerts()]}
    kinds = {FIRES: names, QUIET: names, NOTHING: names, LITTLE: FLOORED, RESET: COUNTED}
    assert {kind: {case.alert for case in CASES if case.kind == kind} for kind in kinds} == kinds
