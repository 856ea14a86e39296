"""PromQL as text: whose series are meant, what a counter gained, and confidence bounds. Pure."""

from __future__ import annotations

from warmlane import names

SENDERS = f'job="{names.SCRAPE_JOB}"'
LANE = ("campaign", "lane")
AT_PROVIDER = (*LANE, "provider")
REMEMBERED = "15m"
"""How long a counter's last value is known while nobody records it: a restart of Prometheus loses nothing."""
RECORDED_EVERY = "1m"


def by(labels: tuple[str, ...]) -> str:
    """The clause that keeps these labels."""
    return f"by ({', '.join(labels)})"


def series(metric: str, where: str = "") -> str:
    """A metric of the senders, with more conditions."""
    return f"{metric}{{{SENDERS}{',' if where else ''}{where}}}"


def last_value(counter: str) -> str:
    """Each series' value in the last recording interval, of pods that have gone too."""
    return f"last_over_time({counter}[{RECORDED_EVERY}])"


def gained(counter: str, remembered: str, labels: tuple[str, ...]) -> str:
    """Events since the last recording: the raw difference of two values, and the whole value after a reset.

    `remembered` is the recording of `last_value`. `increase()` guesses what lies beyond the first and the last sample,
    and so turns two bounces into three; a floor of events has to count what there was. A series that is seen for the
    first time gains nothing before its first sample.
    """
    now = last_value(counter)
    before = f"(last_over_time({remembered}[{REMEMBERED}]) or min_over_time({counter}[{RECORDED_EVERY}]))"
    return f"sum {by(labels)} (({now} - {before}) >= 0 or {now})"


def wilson_lower(events: str, mail: str, z: float) -> str:
    """Lower bound of a ratio, 0-1, as `warmlane.feedback.confidence.wilson` gives it; NaN without mail."""
    return f"clamp_min(({_middle(events, z)} - {_reach(events, mail, z)}) / ({mail} + {z * z!r}), 0)"


def wilson_upper(events: str, mail: str, z: float) -> str:
    """Upper bound of a ratio, 0-1; NaN without mail."""
    return f"clamp_max(({_middle(events, z)} + {_reach(events, mail, z)}) / ({mail} + {z * z!r}), 1)"


def _middle(events: str, z: float) -> str:
    return f"{events} + {z * z / 2!r}"


def _reach(events: str, mail: str, z: float) -> str:
    return f"{z!r} * sqrt({events} * ({mail} - {events}) / {mail} + {z * z / 4!r})"
