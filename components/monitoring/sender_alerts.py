"""Alerts about the senders themselves: identity, warm-up, queues, closed gates, missing data."""

from __future__ import annotations

from components.monitoring.alert import FAST_RECORDING, Alert, Severity
from components.monitoring.promql import LANE, SENDERS, by, series
from components.monitoring.recordings import (
    DECISIONS,
    DEFERRED_QUEUE,
    DELIVERED_TODAY,
    DELIVERED_YESTERDAY,
    LEASE_METRIC,
    LIMIT_TODAY,
    LIMIT_YESTERDAY,
    UNPARSED,
    WAITING,
    WITHDRAWN,
)
from warmlane.feedback.bounds import QUEUE_FLOOR, QUEUE_GROWTH

OVERRUN_PART, OVERRUN_MESSAGES = 0.02, 10
"""Part of the limit and messages that today's deliveries may lie above it: mail that was on its way as the day turned
is delivered today with a token of yesterday."""
UNDERUSED = 0.5
"""Part of yesterday's limit below which a lane is under-used; warm-up goes on from what was sent, not from the plan."""
BACKLOG_DAYS = 3
"""Sending days that the waiting mail would take, as many as `max_backlog_days` is where nobody sets it."""
LONG_DAYS = 2
"""Days after which mail that was tried and still waits is worth a look: three of the five are left. Our own."""
SLOW_SECONDS, SLOW_FLOOR = 1.0, 100
"""p99 of a decision on a recipient, and decisions in 15 minutes below which it means nothing. Both our own."""
SEVERAL = 2
"""Campaigns of which at least half must see the same before one alert tells it for all."""

_WHOSE = "campaign {{ $labels.campaign }} on lane {{ $labels.lane }}"


def _worst(metric: str, where: str = "", labels: tuple[str, ...] = LANE) -> str:
    """The highest value of any replica."""
    return f"max {by(labels)} ({series(metric, where)})"


def identity_alerts() -> list[Alert]:
    """As whom a sender is seen."""
    wrong = _worst("sender_identity", 'state="wrong"')
    unproven = _worst("sender_identity", 'state="unknown"')
    unknown = _worst("sender_identity", 'state="unknown"', ("campaign",))
    return [
        Alert(
            "IdentityDrifted",
            Severity.CRITICAL,
            f"{wrong} == 1",
            60,
            "the check that saw another address or name (one a minute)",
            "A sender was seen as somebody else than its lane.",
            f"Mail of {_WHOSE} would leave from another address or under another name than the lane's; the gate has"
            " closed.",
        ),
        Alert(
            "IdentityUnknown",
            Severity.WARNING,
            f"{unproven} == 1",
            600,
            "the moment at which the last proof became too old",
            "It is not proven that a sender's mail leaves as its lane.",
            f"For ten minutes nobody could say as whom the mail of {_WHOSE} leaves; nothing leaves until it is proven.",
        ),
        Alert(
            "ReflectorSilent",
            Severity.CRITICAL,
            f"count({unknown} == 1) >= {SEVERAL} and count({unknown} == 1) >= 0.5 * count({unknown})",
            300,
            "the moment at which the proof of half of all campaigns is too old",
            "Many senders can't prove who they are: the reflector or DNS is silent.",
            "{{ $value }} campaigns send nothing, because nobody tells them as whom they are seen.",
        ),
    ]


def warm_up_alerts() -> list[Alert]:
    """Deliveries against the lane's limit."""
    return [
        Alert(
            "WarmUpOverrun",
            Severity.CRITICAL,
            f"{DELIVERED_TODAY} > {LIMIT_TODAY} * {1 + OVERRUN_PART} + {OVERRUN_MESSAGES}",
            60,
            f"the delivery that passes today's limit by {OVERRUN_PART:.0%} and {OVERRUN_MESSAGES} messages",
            "A lane delivered more than its limit of the day.",
            f"{_WHOSE.capitalize()} delivered {{{{ $value | humanize }}}} messages on this sending day, more than"
            " warm-up allows.",
            FAST_RECORDING,
        ),
        Alert(
            "WarmUpUnderused",
            Severity.INFO,
            f"{DELIVERED_YESTERDAY} < {LIMIT_YESTERDAY} * {UNDERUSED}",
            26 * 3600,
            f"the end of a sending day with less than {UNDERUSED:.0%} of the limit, when the next is no better",
            "A lane sends far less than it may.",
            f"{_WHOSE.capitalize()} delivered {{{{ $value | humanize }}}} messages on its last sending day, less than"
            f" {UNDERUSED:.0%} of its limit, and little on the day before: its warm-up does not advance.",
            FAST_RECORDING,
        ),
    ]


def queue_alerts() -> list[Alert]:
    """Mail that waits."""
    hours = [DEFERRED_QUEUE, *(f"{DEFERRED_QUEUE} offset {hour}h" for hour in (1, 2, 3))]
    oldest = _worst("sender_queue_oldest_seconds", 'state="tried"')
    growth = " and ".join(f"{later} > {earlier}" for later, earlier in zip(hours, hours[1:], strict=False))
    return [
        Alert(
            "DeferredMailGrowing",
            Severity.WARNING,
            f"{growth} and {hours[-1]} >= {QUEUE_FLOOR} and {hours[0]} > {QUEUE_GROWTH:g} * {hours[-1]}",
            300,
            f"the third hour of growth, when {QUEUE_FLOOR} messages or more have become over {QUEUE_GROWTH:g} times"
            " as many",
            "The mail that providers put off grows hour by hour.",
            f"{{{{ $value }}}} messages of {_WHOSE} have been tried and put off, and it has become more for three"
            " hours.",
            FAST_RECORDING,
        ),
        Alert(
            "BacklogTooLong",
            Severity.WARNING,
            f"{WAITING} / ({LIMIT_TODAY} > 0) > {BACKLOG_DAYS} and {WAITING} >= {QUEUE_FLOOR}",
            900,
            f"the message with which more than {BACKLOG_DAYS} days' mail waits ({QUEUE_FLOOR} messages at least)",
            "More mail waits than the coming days carry.",
            f"What waits at {_WHOSE} takes {{{{ $value | humanize }}}} sending days at today's limit.",
            FAST_RECORDING,
        ),
        Alert(
            "TriedMailWaitsLong",
            Severity.WARNING,
            f"{oldest} > {LONG_DAYS * 86_400}",
            600,
            f"the first message that was tried and waits for more than {LONG_DAYS} days",
            "Mail that was tried has waited for days.",
            f"The oldest message of {_WHOSE} that was tried arrived {{{{ $value | humanizeDuration }}}} ago; five days"
            " after its first try it is given up.",
        ),
        Alert(
            "MailExpired",
            Severity.WARNING,
            f'sum {by(LANE)} (sum_over_time({WITHDRAWN}{{reason="expired"}}[1h])) > 0',
            0,
            "the first message that was given up",
            "Mail was given up because it waited too long.",
            f"{{{{ $value }}}} messages of {_WHOSE} were given up in the last hour without having been delivered.",
            FAST_RECORDING,
        ),
        Alert(
            "QueueFilesUnreadable",
            Severity.WARNING,
            f"sum {by(LANE)} ({series('sender_queue_files_unreadable')}) > 0",
            600,
            "the first file that could not be read",
            "A sender's queue has files that its gate can't read.",
            f"{{{{ $value }}}} files in the queues of {_WHOSE} stay where they are: mail that is not sent and not"
            " counted.",
        ),
    ]


def gate_alerts() -> list[Alert]:
    """Gates that are closed, slow, blind or not there."""
    store = _worst("sender_closed", 'reason="store"', ("campaign",))
    held = _worst("sender_closed", 'reason="hold"')
    closed = _worst("sender_closed", 'reason=~"starting|store|clocks|counters"', (*LANE, "reason"))
    slow = f"sum {by((*LANE, 'le'))} (rate({series('sender_admission_seconds_bucket')}[15m]))"
    return [
        Alert(
            "SenderHeld",
            Severity.INFO,
            f"{held} == 1",
            0,
            "the gate's look at the hold",
            "A campaign is held.",
            f"{_WHOSE.capitalize()} sends nothing: a hold stands. Alerts that it explains are silent.",
        ),
        Alert(
            "SenderClosed",
            Severity.CRITICAL,
            f"{closed} == 1",
            300,
            "the moment at which the gate closed",
            "A sender's gate is closed and nobody closed it.",
            f"Nothing leaves from {_WHOSE}: {{{{ $labels.reason }}}}.",
        ),
        Alert(
            "StoreUnreachable",
            Severity.CRITICAL,
            f"count({store} == 1) >= 0.5 * count({store})",
            120,
            "the moment at which half of all campaigns' gates have closed for the store",
            "The store does not answer the senders.",
            "{{ $value }} campaigns send nothing, because the store does not answer.",
        ),
        Alert(
            "SenderDown",
            Severity.CRITICAL,
            f"count {by(LANE)} (up{{{SENDERS}}} == 0)",
            120,
            "the first scrape that a pod did not answer",
            "A campaign's sender does not answer.",
            "{{ $value }} pods of campaign {{ $labels.campaign }} on lane {{ $labels.lane }} do not answer on their"
            " metrics port.",
        ),
        Alert(
            "SenderNoData",
            Severity.WARNING,
            f"{LEASE_METRIC} unless on (campaign, lane) max {by(LANE)} (up{{{SENDERS}}})",
            600,
            "the moment at which Prometheus knows no pod of the campaign",
            "A campaign holds a lane and no sender of it is known.",
            "Campaign {{ $labels.campaign }} holds lane {{ $labels.lane }}, but Prometheus finds no sender of it:"
            " nothing that is shown about it is true, and no other alert can fire.",
        ),
        Alert(
            "LogLinesUnparsed",
            Severity.WARNING,
            f"sum_over_time({UNPARSED}[1h]) > 0",
            0,
            "the first line that was not understood",
            "A gate does not understand lines of its mail log.",
            f"{{{{ $value }}}} lines of the mail log of {_WHOSE} were not understood in the last hour: what they told"
            " is not counted.",
            FAST_RECORDING,
        ),
        Alert(
            "AdmissionSlow",
            Severity.WARNING,
            f"histogram_quantile(0.99, {slow}) > {SLOW_SECONDS} and sum_over_time({DECISIONS}[15m]) >= {SLOW_FLOOR}",
            300,
            f"the decision that lifts the p99 of 15 minutes above {SLOW_SECONDS:g} s, with at least {SLOW_FLOOR} of"
            " them",
            "Producers wait long for a decision on a recipient.",
            f"One in a hundred decisions of {_WHOSE} takes more than {{{{ $value | humanizeDuration }}}}.",
            FAST_RECORDING,
        ),
        Alert(
            "Watchdog",
            Severity.INFO,
            "vector(1)",
            0,
            "Prometheus' start",
            "This alert always fires.",
            "It shows that alerts reach their receiver; its absence is the alarm.",
        ),
    ]


def sender_alerts() -> list[Alert]:
    """In the runbook's order."""
    return [*identity_alerts(), *warm_up_alerts(), *queue_alerts(), *gate_alerts()]
