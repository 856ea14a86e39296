"""Bounces, deferrals and what is unusual: each alert fires, and stays silent where it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.monitoring.reputation_alerts import reputation_alerts
from tests.monitoring.judging import FIRES, LITTLE, NOTHING, QUIET, RESET, Case, Told, deliveries, judged, lower, mail
from warmlane.feedback.confidence import Z99

BOUNCING, BURNING, UNUSUAL = "BounceRatioHigh", "BounceBudgetBurning", "BounceRatioUnusual"
DEFERRED, PROVIDER, DEFERRED_UNUSUAL = "DeferralRatioHigh", "ProviderDefersMany", "DeferralRatioUnusual"
AT_OTHER = (("campaign", "spring-sale"), ("lane", "amber"), ("provider", "other"))


def burst(messages: int) -> str:
    """All at once after an hour, so that every window has all of them or none."""
    return f"0x60 {messages}x180"


def unusual(usual: int, burst: int) -> str:
    """Two days at `usual` every five minutes, an hour of silence, and a burst."""
    return f"0+{usual}x576 {usual * 576}x13 {usual * 576 + burst}x30"


CASES = [
    Case(
        BOUNCING,
        FIRES,
        "one in fourteen bounces",
        mail(burst(780), burst(60)),
        "80m",
        (Told(lower(60, 840)),),
    ),
    Case(
        BOUNCING,
        FIRES,
        "one in five: both lines are passed",
        mail(burst(480), burst(120)),
        "80m",
        (Told(lower(120, 600)), Told(lower(120, 600), "critical")),
    ),
    Case(
        BOUNCING,
        FIRES,
        "bounces of all pods and providers count together, each below the floor",
        {**mail(burst(60), burst(6)), **deliveries("bounced", burst(6), pod="b", provider="gmail")},
        "80m",
        (Told(lower(12, 72)), Told(lower(12, 72), "critical")),
    ),
    Case(BOUNCING, QUIET, "2 % is ordinary", mail("0+98x240", "0+2x240"), "3h"),
    Case(
        BOUNCING,
        QUIET,
        "6 % of 200 messages may be 5 % and bad luck: the lower bound decides",
        mail("0+3.133x240", "0+0.2x240"),
        "3h",
    ),
    Case(BOUNCING, QUIET, "deferrals are no bounces", mail("0+9x240", deferred="0+90x240"), "3h"),
    Case(BOUNCING, LITTLE, "nine of nine bounce: too few to judge", mail("0x240", burst(9)), "80m"),
    Case(BOUNCING, NOTHING, "no series", {}, "3h"),
    Case(BOUNCING, NOTHING, "no mail", mail("5x240", "5x240"), "3h"),
    Case(BOUNCING, RESET, "a restart is no wave of bounces", mail("0+98x100 0+98x140", "0+2x100 0+2x140"), "2h"),
    Case(
        BOUNCING,
        RESET,
        "bounces before and after a restart count together",
        mail("0x60 160x20 0x5 80x100", "0x60 40x20 0x5 20x100"),
        "105m",
        (Told(lower(60, 300)), Told(lower(60, 300), "critical")),
    ),
    Case(
        BOUNCING,
        RESET,
        "what an old pod had counted before Prometheus saw it is no event",
        mail("_x100 90000+4x140", "_x100 90000x140"),
        "2h",
    ),
    Case(
        BURNING,
        FIRES,
        "half of the mail bounces: the hour's pair",
        mail("0+1x240", "0+1x240"),
        "1h",
        (Told("25", "critical"), Told("25")),
    ),
    Case(
        BURNING,
        FIRES,
        "4 % for days: the slow pair",
        mail("0+96x2000", "0+4x2000"),
        "100h",
        (Told("2"),),
        step="5m",
    ),
    Case(BURNING, QUIET, "1.5 % for days", mail("0+985x2000", "0+15x2000"), "100h", step="5m"),
    Case(
        BURNING,
        QUIET,
        "it is over: the short windows have ended the page, the day's budget is hurt still",
        mail("0x10 50x230", "0x10 50x230"),
        "100m",
        (Told("25"),),
    ),
    Case(BURNING, LITTLE, "nine of nine", mail("0x240", "0+0.15x60 9x180"), "1h"),
    Case(BURNING, NOTHING, "no series", {}, "1h"),
    Case(BURNING, RESET, "restarts at 1 %", mail("0+99x30 0+99x200", "0+1x30 0+1x200"), "1h"),
    Case(
        UNUSUAL,
        FIRES,
        "1 % for two days, then 4 % for two hours",
        mail(unusual(495, 5760), unusual(5, 240)),
        "49h30m",
        (Told(lower(240, 6000)),),
        step="5m",
    ),
    Case(UNUSUAL, QUIET, "always 4 %", mail("0+480x700", "0+20x700"), "50h", step="5m"),
    Case(
        UNUSUAL,
        QUIET,
        "too young to have a history",
        mail("0+495x100 49500+480x50", "0+5x100 500+20x50"),
        "10h",
        step="5m",
    ),
    Case(
        UNUSUAL,
        LITTLE,
        "nine bounces in an hour",
        mail("0+5x576 2880+5x50", "0x576 0+0.75x12 9x50"),
        "49h",
        step="5m",
    ),
    Case(UNUSUAL, NOTHING, "no series", {}, "50h", step="5m"),
    Case(
        UNUSUAL,
        RESET,
        "a restart amid 1 %",
        mail("0+495x576 0+495x50", "0+5x576 0+5x50"),
        "49h",
        step="5m",
    ),
    Case(
        DEFERRED,
        FIRES,
        "half of the attempts are put off",
        mail(burst(300), deferred=burst(300)),
        "80m",
        (Told(lower(300, 600, Z99), labels=AT_OTHER),),
    ),
    Case(DEFERRED, QUIET, "one in ten is greylisting", mail("0+90x240", deferred="0+10x240"), "2h"),
    Case(DEFERRED, LITTLE, "nineteen of nineteen", mail("0x240", deferred=burst(19)), "80m"),
    Case(DEFERRED, NOTHING, "no series", {}, "2h"),
    Case(DEFERRED, RESET, "a restart amid 10 %", mail("0+90x100 0+90x140", deferred="0+10x100 0+10x140"), "2h"),
    Case(
        PROVIDER,
        FIRES,
        "three campaigns are put off by one provider",
        {
            **mail("0+5x240", deferred="0+5x240"),
            **mail("0+5x240", deferred="0+5x240", campaign="second", lane="birch"),
            **mail("0+5x240", deferred="0+5x240", campaign="third", lane="cedar"),
        },
        "2h",
        (Told("3", labels=(("provider", "other"),)),),
    ),
    Case(
        PROVIDER,
        QUIET,
        "two campaigns",
        {
            **mail("0+5x240", deferred="0+5x240"),
            **mail("0+5x240", deferred="0+5x240", campaign="second", lane="birch"),
        },
        "2h",
    ),
    Case(
        PROVIDER,
        LITTLE,
        "three campaigns with nineteen each",
        {
            **mail("0x240", deferred=burst(19)),
            **mail("0x240", deferred=burst(19), campaign="second", lane="birch"),
            **mail("0x240", deferred=burst(19), campaign="third", lane="cedar"),
        },
        "80m",
    ),
    Case(PROVIDER, NOTHING, "no series", {}, "2h"),
    Case(
        PROVIDER,
        RESET,
        "three restarts",
        {
            **mail("0+90x100 0+90x140", deferred="0+9x100 0+9x140"),
            **mail("0+90x100 0+90x140", deferred="0+9x100 0+9x140", campaign="second", lane="birch"),
            **mail("0+90x100 0+90x140", deferred="0+9x100 0+9x140", campaign="third", lane="cedar"),
        },
        "110m",
    ),
    Case(
        DEFERRED_UNUSUAL,
        FIRES,
        "1 % put off for two days, then 10 %",
        mail(unusual(495, 5400), deferred=unusual(5, 600)),
        "49h30m",
        (Told(lower(600, 6000)),),
        step="5m",
    ),
    Case(DEFERRED_UNUSUAL, QUIET, "always 10 %", mail("0+450x700", deferred="0+50x700"), "50h", step="5m"),
    Case(
        DEFERRED_UNUSUAL,
        LITTLE,
        "nine in an hour",
        mail("0+5x576 2880+5x50", deferred="0x576 0+0.75x12 9x50"),
        "49h",
        step="5m",
    ),
    Case(DEFERRED_UNUSUAL, NOTHING, "no series", {}, "50h", step="5m"),
    Case(
        DEFERRED_UNUSUAL,
        RESET,
        "a restart amid 1 %",
        mail("0+495x576 0+495x50", deferred="0+5x576 0+5x50"),
        "49h",
        step="5m",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert}, {case.kind}: {case.why}")
def test_alert(case: Case, tmp_path: Path) -> None:
    result = judged(case, tmp_path)
    assert result.returncode == 0, f"{case.why}\n{result.stdout}{result.stderr}"


def test_every_alert_has_a_case_of_every_kind() -> None:
    names = {alert.name for alert in reputation_alerts()}
    for kind in (FIRES, QUIET, LITTLE, NOTHING, RESET):
        assert {case.alert for case in CASES if case.kind == kind} == names, kind
    told = {(case.alert, told.severity) for case in CASES for told in case.told}
    assert told == {(alert.name, alert.severity.value) for alert in reputation_alerts()}
