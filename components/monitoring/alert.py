"""An alert as Prometheus' rule, with the time in which it is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from components.monitoring.documents import SCRAPE_SECONDS
from components.monitoring.routes import GROUP_WAIT

RUNBOOK = "docs/runbook.md"
FAST_RECORDING, SLOW_RECORDING = 60, 300
"""Seconds between two recordings."""


class Severity(StrEnum):
    """Who is told: `critical` now, `warning` in working hours, `info` nobody, it is looked up."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Alert:
    """One alerting rule. Names are CamelCase; several rules may share one, with different severities."""

    name: str
    severity: Severity
    expression: str
    wait: int
    """Seconds for which the expression must hold."""
    after: str
    """What has to have happened (floor and window) before the time in `within` begins."""
    summary: str
    """One plain sentence."""
    description: str
    recorded: int = 0
    """Seconds between two recordings that the expression reads; 0 when it reads metrics as they were scraped."""

    @property
    def within(self) -> str:
        """The longest time from `after` to the first message to a receiver, such as `6m45s`.

        One scrape, one recording, one evaluation (as often as a scrape), `for`, and Alertmanager's group_wait.
        """
        return duration(SCRAPE_SECONDS + self.recorded + SCRAPE_SECONDS + self.wait + GROUP_WAIT)

    def rule(self) -> dict[str, Any]:
        """The rule as the rule file has it."""
        return {
            "alert": self.name,
            "expr": self.expression,
            "for": duration(self.wait),
            "labels": {"severity": self.severity.value},
            "annotations": {
                "summary": self.summary,
                "description": self.description,
                "detection": f"Told within {self.within} of {self.after}.",
                "runbook": f"{RUNBOOK}#{self.name.lower()}",
            },
        }


def duration(seconds: int) -> str:
    """Seconds as Prometheus writes them, such as `6m45s`."""
    hours, rest = divmod(int(timedelta(seconds=seconds).total_seconds()), 3600)
    parts = ((hours, "h"), (rest // 60, "m"), (rest % 60, "s"))
    return "".join(f"{value}{unit}" for value, unit in parts if value) or "0s"
