"""Who is told of an alert, how alerts are gathered into one message, and how often it is said again. Pure.

All alerts go to those who answer for deliverability, none to a campaign's owner. Campaigns come and go without touching
the environment's stack, and what the environment knows of them, its leases, names no owner; a copy of the owner there
would be wrong as soon as the campaign changes hands. A message carries `campaign` and `lane`, and the campaign's own
configuration says who owns it (`docs/runbook.md`).

A receiver is a name here, under which Alertmanager shows its messages: the monitoring namespace has no way out, so
nothing is sent to an address.
"""

from __future__ import annotations

from typing import Any

Route = dict[str, Any]

ON_CALL = "deliverability-on-call"
"""Told now, at any hour. What has no known severity goes here too."""
WORKING_HOURS = "deliverability"
LOOKED_UP = "looked-up"
WATCHDOG = "watchdog"

GROUP_WAIT = 30
"""Seconds for which Alertmanager gathers alerts of a group before it tells of them."""
ONE_LANE = ["alertname", "campaign", "lane"]
"""All providers and reasons of one lane's alert make one message."""
WHOLE_ENVIRONMENT = ["alertname", "provider"]
"""An alert that names no campaign is one cause for all of them; two providers that fail are two causes."""


def route() -> Route:
    """Alertmanager's `route`.

    Each severity is a branch and so has groups of its own: what grows from a warning to critical is told after
    `GROUP_WAIT`, and does not wait for the warning's next `group_interval`.
    """
    return {
        "receiver": ON_CALL,
        "group_by": ONE_LANE,
        "group_wait": f"{GROUP_WAIT}s",
        # As long as group_wait, so that a reason or provider that joins later is told within its documented time too.
        "group_interval": f"{GROUP_WAIT}s",
        "repeat_interval": "1h",
        "routes": [
            {
                "receiver": WATCHDOG,
                "matchers": ['alertname="Watchdog"'],
                # Its absence is the alarm, so whoever waits for it must not wait long.
                "repeat_interval": "5m",
            },
            _branch("critical", ON_CALL),
            _branch("warning", WORKING_HOURS, repeat_interval="12h"),
            _branch("info", LOOKED_UP, repeat_interval="24h"),
            _whole_environment(ON_CALL),
        ],
    }


def receivers() -> list[dict[str, str]]:
    """Alertmanager's `receivers`."""
    return [{"name": name} for name in (ON_CALL, WORKING_HOURS, LOOKED_UP, WATCHDOG)]


def _branch(severity: str, receiver: str, **intervals: str) -> Route:
    return {
        "receiver": receiver,
        "matchers": [f'severity="{severity}"'],
        **intervals,
        "routes": [_whole_environment(receiver)],
    }


def _whole_environment(receiver: str) -> Route:
    return {"receiver": receiver, "matchers": ['campaign=""'], "group_by": WHOLE_ENVIRONMENT}
