"""Alerts about how mailbox providers take the mail: bounces, deferrals, and what is unusual for a campaign."""

from __future__ import annotations

from components.monitoring.alert import FAST_RECORDING, SLOW_RECORDING, Alert, Severity
from components.monitoring.recordings import BOUNCE_BUDGET, HISTORY, bound, burn, count
from warmlane.feedback.bounds import DEFERRED_FLOOR, DEFERRED_SHARE, UNRELATED

BOUNCE_LIMITS = {Severity.WARNING: 0.05, Severity.CRITICAL: 0.10}
"""Ratio 0-1 of bounces to final answers. AWS SES puts an account under review at 5 % and may stop it at 10 %
(docs.aws.amazon.com/ses/latest/dg/reputationdashboardmessages.html)."""
BOUNCE_FLOOR = 10
"""Bounces in a window below which its ratio means nothing: at 20 messages a single bounce looks like 5 %."""
BURN_RATES = {
    Severity.CRITICAL: ((14.4, "1h", "5m"), (6.0, "6h", "30m")),
    Severity.WARNING: ((3.0, "1d", "2h"), (1.0, "3d", "6h")),
}
"""Burn rate, long window that must confirm it, short window that ends it soon: the usual table of multi-window alerts
for a budget of 30 days (sre.google/workbook/alerting-on-slos; facts/monitoring.md 1.3)."""
UNUSUAL_DEVIATIONS = 6 * 1.4826
"""Median absolute deviations; 1.4826 of them are a standard deviation of normally distributed values."""
UNUSUAL_MARGIN = 0.01
"""Ratio by which the usual must be passed besides: the deviation of a very quiet campaign is zero."""

_WHOSE = "campaign {{ $labels.campaign }} on lane {{ $labels.lane }}"


def _bounce_ratio(severity: Severity) -> Alert:
    limit = BOUNCE_LIMITS[severity]
    return Alert(
        "BounceRatioHigh",
        severity,
        f"{bound('bounces', 'lower')} > {limit} and {count('bounces', '1h')} >= {BOUNCE_FLOOR}",
        300,
        f"the bounce that lifts the last hour's lower bound above {limit:.0%}, with at least {BOUNCE_FLOOR} bounces",
        "Too much of a campaign's mail bounces.",
        f"At least {{{{ $value | humanizePercentage }}}} of the mail of {_WHOSE} bounced in the last hour"
        " (lower bound, 95 %).",
        FAST_RECORDING,
    )


def _budget(severity: Severity) -> Alert:
    pairs = BURN_RATES[severity]
    expression = " or ".join(
        f"({burn(long)} > {rate} and {bound('bounces', 'lower', long)} > {rate * BOUNCE_BUDGET:g}"
        f" and {count('bounces', long)} >= {BOUNCE_FLOOR} and {burn(short)} > {rate})"
        for rate, long, short in pairs
    )
    windows = " or ".join(f"{long} and {short} (x{rate:g})" for rate, long, short in pairs)
    return Alert(
        "BounceBudgetBurning",
        severity,
        expression,
        120,
        f"the bounce that lifts both windows of a pair above their burn rate: {windows}",
        "A campaign uses up its bounce budget faster than for good.",
        f"The mail of {_WHOSE} bounces at {{{{ $value | humanize }}}} times the {BOUNCE_BUDGET:.0%} that a sender may"
        " keep up.",
        FAST_RECORDING if severity is Severity.CRITICAL else SLOW_RECORDING,
    )


def _deferring(level: str) -> str:
    return (
        f"{bound('deferrals', 'lower', level=level)} > {DEFERRED_SHARE}"
        f" and {count('deferrals', '1h', level)} >= {DEFERRED_FLOOR}"
    )


def _unusual(name: str, signal: str, mail: str, ended: str) -> Alert:
    median, deviation = (f"campaign_lane:sender_{signal}:{kind}{HISTORY}" for kind in ("median", "mad"))
    return Alert(
        name,
        Severity.WARNING,
        f"{bound(signal, 'lower')} > {median} + {UNUSUAL_DEVIATIONS:.4f} * {deviation} + {UNUSUAL_MARGIN}"
        f" and {count(signal, '1h')} >= {BOUNCE_FLOOR}",
        900,
        f"the event that lifts the last hour's lower bound above median + 6 scaled MADs + {UNUSUAL_MARGIN:.0%} of"
        f" {HISTORY}, with at least {BOUNCE_FLOOR} of them",
        f"More of a campaign's {mail} {ended} than is usual for it.",
        f"At least {{{{ $value | humanizePercentage }}}} of the {mail} of {_WHOSE} {ended} in the last hour,"
        f" which is far above its own last {HISTORY}.",
        FAST_RECORDING,
    )


def reputation_alerts() -> list[Alert]:
    """In the runbook's order."""
    at_provider = "campaign_lane_provider"
    return [
        _bounce_ratio(Severity.CRITICAL),
        _bounce_ratio(Severity.WARNING),
        _budget(Severity.CRITICAL),
        _budget(Severity.WARNING),
        _unusual("BounceRatioUnusual", "bounces", "mail", "bounced"),
        Alert(
            "DeferralRatioHigh",
            Severity.WARNING,
            _deferring(at_provider),
            600,
            f"the deferral that lifts the last hour's lower bound above {DEFERRED_SHARE:.0%}, with at least"
            f" {DEFERRED_FLOOR} deferrals",
            "A mailbox provider puts off too much of a campaign's mail.",
            f"{{{{ $labels.provider }}}} put off at least {{{{ $value | humanizePercentage }}}} of the attempts of"
            f" {_WHOSE} in the last hour (lower bound, 99 %).",
            FAST_RECORDING,
        ),
        Alert(
            "ProviderDefersMany",
            Severity.WARNING,
            f"count by (provider) ({_deferring(at_provider)}) >= {UNRELATED}",
            300,
            f"the moment at which {UNRELATED} campaigns meet DeferralRatioHigh at one provider",
            "A mailbox provider puts off the mail of many campaigns.",
            "{{ $labels.provider }} puts off the mail of {{ $value }} campaigns at once.",
            FAST_RECORDING,
        ),
        _unusual("DeferralRatioUnusual", "deferrals", "attempts", "were put off"),
    ]
