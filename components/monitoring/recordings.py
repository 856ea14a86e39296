"""What Prometheus records: counts on raw differences, ratios with confidence bounds, the sending day, and history.

Names say level, metric and operation. `step` is what a counter gained since the last recording (once a minute), and a
count over a window is the sum of its steps.
"""

from __future__ import annotations

from typing import Any

from components.monitoring.promql import (
    AT_PROVIDER,
    LANE,
    SENDERS,
    by,
    gained,
    last_value,
    series,
    wilson_lower,
    wilson_upper,
)
from warmlane.feedback.confidence import Z95, Z99

Rule = dict[str, Any]

BOUNCE_BUDGET = 0.02
"""Ratio 0-1 of hard bounces that a sender may use up for good. AWS advises to stay below 2 %
(docs.aws.amazon.com/ses/latest/dg/reputationdashboardmessages.html names 5 % as the review line)."""
FAST_WINDOWS = ("5m", "30m", "1h", "2h")
SLOW_WINDOWS = ("6h", "1d", "3d")
HISTORY = "7d"
HISTORY_SAMPLES = 288
"""A day of recordings every five minutes, without which there is no history to compare with."""
HISTORY_FLOOR = 20
"""Messages an hour below which an hour says nothing about what is usual."""
SLOW_EVERY = "5m"

LEASE_METRIC = "warmlane_lease"
"""1 for each campaign that holds a lane, by campaign and lane: what ought to send mail metrics."""
DAY_LENGTH_METRIC = "warmlane_day_length_seconds"
DAY_METRIC = "warmlane_sending_day"

STEP = "campaign_lane_provider_outcome:sender_deliveries:step"
DELIVERED_TODAY = "campaign_lane:sender_delivered:today"
DELIVERED_YESTERDAY = "campaign_lane:sender_delivered:yesterday"
LIMIT_TODAY = "campaign_lane:sender_limit_messages:today"
LIMIT_YESTERDAY = "campaign_lane:sender_limit_messages:yesterday"
WAITING = "campaign_lane:sender_waiting_messages:sum"
DEFERRED_QUEUE = "campaign_lane:sender_deferred_queue_messages:sum"
DECISIONS = "campaign_lane:sender_admissions:step"
UNPARSED = "campaign_lane:sender_log_lines_unparsed:step"
WITHDRAWN = "campaign_lane_reason:sender_messages_withdrawn:step"
SIGNALS = ("bounces", "deferrals")
"""Bounces are counted against final answers, deferrals against all attempts."""


def count(what: str, window: str, level: str = "campaign_lane") -> str:
    """The recording of how many `bounces`, `final`, `deferrals` or `attempts` there were in a window."""
    return f"{level}:sender_{what}:count{window}"


def whole(signal: str) -> str:
    """What a signal's events are a part of."""
    return "final" if signal == "bounces" else "attempts"


def bound(signal: str, side: str, window: str = "1h", level: str = "campaign_lane") -> str:
    """The recording of a confidence bound (`lower` or `upper`) of a signal's ratio."""
    return f"{level}:sender_{signal}:ratio{window}_{side}"


def ratio(signal: str, window: str = "1h") -> str:
    """The recording of a signal's ratio, 0-1; no sample without mail."""
    return f"campaign_lane:sender_{signal}:ratio{window}"


def burn(window: str) -> str:
    """The recording of how many times faster than for good the bounce budget is used up."""
    return f"campaign_lane:sender_bounce_budget:burn{window}"


def _record(name: str, expression: str) -> Rule:
    return {"record": name, "expr": expression}


def _counted(step: str, counter: str, labels: tuple[str, ...]) -> list[Rule]:
    """The step first: it needs the value of the recording before."""
    remembered = f"series:{step.split(':')[1]}:last"
    return [_record(step, gained(counter, remembered, labels)), _record(remembered, last_value(counter))]


OUTCOMES = {
    "bounces": 'outcome="bounced"',
    "final": 'outcome=~"bounced|delivered"',
    "deferrals": 'outcome="deferred"',
    "attempts": 'outcome=~"bounced|deferred|delivered"',
}


def _window(window: str) -> list[Rule]:
    """Bounces of a window by campaign and lane, their ratio and the budget's burn rate."""
    rules = [
        _record(count(what, window), f"sum {by(LANE)} (sum_over_time({STEP}{{{OUTCOMES[what]}}}[{window}]))")
        for what in ("bounces", "final")
    ]
    bounces, final = count("bounces", window), count("final", window)
    return [
        *rules,
        _record(ratio("bounces", window), f"{bounces} / ({final} > 0)"),
        _record(bound("bounces", "lower", window), wilson_lower(bounces, final, Z95)),
        _record(burn(window), f"{ratio('bounces', window)} / {BOUNCE_BUDGET}"),
    ]


def _at_providers() -> list[Rule]:
    level = "campaign_lane_provider"
    rules = [
        _record(
            "campaign_lane_provider_outcome:sender_deliveries:rate5m",
            f"sum_over_time({STEP}[5m]) / {5 * 60}",
        )
    ]
    for what, condition in OUTCOMES.items():
        counted = f"sum {by(AT_PROVIDER)} (sum_over_time({STEP}{{{condition}}}[1h]))"
        rules.append(_record(count(what, "1h", level), counted))
    for signal, z in (("bounces", Z95), ("deferrals", Z99)):
        events, mail = count(signal, "1h", level), count(whole(signal), "1h", level)
        rules.append(_record(bound(signal, "lower", level=level), wilson_lower(events, mail, z)))
        rules.append(_record(bound(signal, "upper", level=level), wilson_upper(events, mail, z)))
    return rules


def _deferrals() -> list[Rule]:
    """Deferrals of the last hour by campaign and lane; the providers' counts exist already."""
    rules = [
        _record(count(what, "1h"), f"sum {by(LANE)} ({count(what, '1h', 'campaign_lane_provider')})")
        for what in ("deferrals", "attempts")
    ]
    deferrals, attempts = count("deferrals", "1h"), count("attempts", "1h")
    return [
        *rules,
        _record(ratio("deferrals"), f"{deferrals} / ({attempts} > 0)"),
        _record(bound("deferrals", "lower"), wilson_lower(deferrals, attempts, Z95)),
        _record(bound("bounces", "upper"), wilson_upper(count("bounces", "1h"), count("final", "1h"), Z95)),
    ]


def _sending_day() -> list[Rule]:
    """What was delivered on this sending day and what the limit was at most, and both of the day before.

    The minute that ends with a recording belongs to the day in which it began, so the day turns a minute late: mail of
    the evening is never counted into the morning. A limit that a throttle lowers during the day stands as it was; a day
    on which none was seen has 0. Nothing is missing at the turn, or the day after would go on from the day before.
    """
    day = f"floor((vector(time()) - 60) / {DAY_LENGTH_METRIC})"
    same, turned = (f"on () (last_over_time({DAY_METRIC}[1d]) {sign} {day})" for sign in ("==", "<"))
    # A series that is made from its own past has to end with its campaign.
    alive = f"and on (campaign, lane) ({LEASE_METRIC} or on (campaign, lane) max {by(LANE)} (up{{{SENDERS}}}))"

    def so_far(recording: str) -> str:
        past = f"last_over_time({recording}[1d])"
        return f"(({past} and {same}) or {past} * 0)"

    def day_before(recording: str, today: str) -> Rule:
        past = f"last_over_time({recording}[1d])"
        return _record(recording, f"((last_over_time({today}[1d]) and {turned}) or {past}) {alive}")

    delivered = f'sum {by(LANE)} ({STEP}{{outcome="delivered"}})'
    limit = f"(max {by(LANE)} ({series('sender_limit_messages')}) > 0)"
    counted, highest = so_far(DELIVERED_TODAY), so_far(LIMIT_TODAY)
    return [
        day_before(DELIVERED_YESTERDAY, DELIVERED_TODAY),
        day_before(LIMIT_YESTERDAY, LIMIT_TODAY),
        _record(
            DELIVERED_TODAY,
            f"(({delivered} or {counted} * 0) + ({counted} or {delivered} * 0)) {alive}",
        ),
        _record(LIMIT_TODAY, f"({highest} >= {limit} or {limit} or {highest}) {alive}"),
        _record(DAY_METRIC, day),
    ]


def _history(signal: str) -> list[Rule]:
    """Median and median absolute deviation of a signal's hourly ratio over the campaign's own last week."""
    seen, median = f"campaign_lane:sender_{signal}:sampled", f"campaign_lane:sender_{signal}:median{HISTORY}"
    apart = f"campaign_lane:sender_{signal}:deviation"
    return [
        _record(seen, f"{ratio(signal)} and {count(whole(signal), '1h')} >= {HISTORY_FLOOR}"),
        _record(
            median,
            f"quantile_over_time(0.5, {seen}[{HISTORY}]) and count_over_time({seen}[{HISTORY}]) >= {HISTORY_SAMPLES}",
        ),
        _record(apart, f"abs({seen} - {median})"),
        _record(f"campaign_lane:sender_{signal}:mad{HISTORY}", f"quantile_over_time(0.5, {apart}[{HISTORY}])"),
    ]


def counting_rules() -> list[Rule]:
    """Recorded every minute, in this order."""
    deliveries = series("sender_deliveries_total")
    put_off = series("sender_queue_messages", 'queue="deferred"')
    return [
        *_counted(STEP, deliveries, (*AT_PROVIDER, "outcome")),
        *_counted(WITHDRAWN, series("sender_messages_withdrawn_total"), (*LANE, "reason")),
        *_counted(UNPARSED, series("sender_log_lines_unparsed_total"), LANE),
        *_counted(DECISIONS, series("sender_admission_seconds_count"), LANE),
        *(rule for window in FAST_WINDOWS for rule in _window(window)),
        *_at_providers(),
        *_deferrals(),
        *_sending_day(),
        _record(WAITING, f"sum {by(LANE)} ({series('sender_waiting_messages')})"),
        _record(
            DEFERRED_QUEUE,
            f"sum {by(LANE)} ({put_off})",
        ),
    ]


def slow_rules() -> list[Rule]:
    """Recorded every five minutes: long windows and history."""
    return [
        *(rule for window in SLOW_WINDOWS for rule in _window(window)),
        *(rule for signal in SIGNALS for rule in _history(signal)),
    ]


def recording_rules() -> list[Rule]:
    """All of them."""
    return [*counting_rules(), *slow_rules()]
