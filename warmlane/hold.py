"""A hold on a campaign: the record in the platform's namespace and its mirror beside the sender, of one shape.

Nobody can release a hold by damaging it: what is there and can't be read stands, at least as strict as any level.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    SerializerFunctionWrapHandler,
    StrictInt,
    ValidationError,
    model_serializer,
    model_validator,
)

from warmlane import labels, names
from warmlane.base import Model
from warmlane.validation import problems

KEY = "hold.json"
"""Key of the ConfigMaps' `data`, and the file's name where the mirror is mounted."""
DIRECTORY = "/etc/warmlane/hold"
"""Where the gate finds the mirror."""
MIRROR = names.SENDER_HOLD_CONFIG_MAP
REASON_LENGTH = 300
"""Characters of a reason: producers read it in one line of an SMTP answer (512 octets, RFC 5321, 4.5.3.1.5)."""

SPANS_KEPT = 100
"""Ended holds that a record remembers one by one: some 7 KB; earlier ones are put together."""


def record_name(campaign: str) -> str:
    """Name of the ConfigMap in the platform's namespace that is a campaign's record."""
    return f"{MIRROR}-{campaign}"


class Level(StrEnum):
    """How much of a campaign's mail is held."""

    NONE = "none"
    THROTTLED = "throttled"
    QUARANTINED = "quarantined"
    RETIRED = "retired"


STANDING = (Level.QUARANTINED, Level.RETIRED)
"""Levels at which not one message leaves."""


def one_line(text: str) -> str:
    """The text itself. Raises ValueError for one that is empty or has line breaks or other control characters."""
    if not text.strip():
        raise ValueError("it says nothing; say why, for those who read it later")
    if not text.isprintable():
        raise ValueError("it has line breaks or control characters; write it in one line")
    return text.strip()


def _utc(moment: datetime) -> datetime:
    if moment.utcoffset() != timedelta():
        raise ValueError("it is not in UTC; end it with Z")
    return moment


Text = Annotated[str, Field(max_length=REASON_LENGTH), AfterValidator(one_line)]


Moment = Annotated[AwareDatetime, AfterValidator(_utc)]


class Span(Model):
    """When a hold stood that has ended, in UTC."""

    since: Moment
    until: Moment

    @model_validator(mode="after")
    def _forward(self) -> Span:
        if self.until <= self.since:
            raise ValueError("it ends before it begins; `until` is later than `since`")
        return self


class Record(Model):
    """What stands for a campaign, who decided it and why."""

    level: Level = Field(description="`none`, `throttled`, `quarantined` or `retired`.")
    sequence: Annotated[StrictInt, Field(ge=1)] = Field(description="Grows by each decision; the highest one counts.")
    reason: Text = Field(description="Why, in one line.")
    by: Text = Field(description="Who decided it, as the API server names them.")
    since: Moment = Field(description="When it was decided, in UTC.")
    throttle: Annotated[str, Field(pattern=r"^(0(\.[0-9]{1,4})?|1(\.0{1,4})?)$")] = Field(
        description="Part of today's limit that may be sent, 0 to 1, as decimal text; counts while `throttled`."
    )
    stood: Annotated[tuple[Span, ...], Field(max_length=SPANS_KEPT)] = Field(
        default=(), description="When holds stood that have ended, the oldest first: mail does not age in them."
    )

    @model_serializer(mode="wrap")
    def _shortest(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # A gate from before holds were remembered reads a record without them.
        return {key: value for key, value in handler(self).items() if key != "stood" or value}

    @model_validator(mode="after")
    def _agrees(self) -> Record:
        part = float(self.throttle)
        if self.level is Level.THROTTLED and not 0 < part < 1:
            raise ValueError("throttled lies between 0 and 1; nothing may leave when quarantined, everything when none")
        if self.level is Level.NONE and part != 1:
            raise ValueError("with the level none the whole limit may be sent, so throttle is 1")
        return self

    @property
    def stands(self) -> bool:
        """Whether not one message may leave."""
        return self.level in STANDING

    @property
    def factor(self) -> float:
        """Part of today's limit that may be sent, 0 to 1."""
        return 0.0 if self.stands else float(self.throttle)

    @property
    def told(self) -> str:
        """One clause for people: `quarantined since 2026-11-24 18:00 (UTC) by ops: Blocked.`"""
        level = f"{self.level} to {self.throttle}" if self.level is Level.THROTTLED else str(self.level)
        return f"{level} since {self.since:%Y-%m-%d %H:%M} (UTC) by {self.by}: {self.reason.rstrip('.')}."

    def text(self) -> str:
        """The record as JSON, the same text for the same record."""
        return self.model_dump_json()


class UnreadableHold(ValueError):
    """A record or mirror is there and can't be read: a hold stands. `str()` says what is wrong with it."""


def parse(text: str) -> Record:
    """The record in a text. Raises UnreadableHold."""
    try:
        return Record.model_validate_json(text)
    except ValidationError as error:
        found = "; ".join(str(problem) for problem in problems(error, Record))
    # RecursionError: JSON that is nested without end.
    except (ValueError, RecursionError) as error:
        found = str(error)
    raise UnreadableHold(f"{KEY} can't be read: {found}")


def of_config_map(document: Mapping[str, Any]) -> Record:
    """The record in a ConfigMap as the API server shows it. Raises UnreadableHold."""
    data = document.get("data")
    text = data.get(KEY) if isinstance(data, Mapping) else None
    if not isinstance(text, str):
        raise UnreadableHold(f"its ConfigMap has no {KEY}")
    return parse(text)


def ended(stood: Iterable[Span], since: datetime, until: datetime) -> tuple[Span, ...]:
    """The spans with one more, at most SPANS_KEPT; one of no length, as a clock that was set back makes, is left out.

    The earliest are put together into one of their length that ends where the later one did: mail that was tried before
    either loses nothing, and mail that was tried between them gains at most the first one's length.
    """
    spans = [*stood, Span(since=since, until=until)] if until > since else [*stood]
    joined = list[Span]()
    for span in sorted(spans, key=lambda each: each.since):
        if joined and span.since <= joined[-1].until:
            last = joined.pop()
            span = Span(since=last.since, until=max(last.until, span.until))
        joined.append(span)
    while len(joined) > SPANS_KEPT:
        first, second, *rest = joined
        joined = [Span(since=second.since - (first.until - first.since), until=second.until), *rest]
    return tuple(joined)


def stood_until(known: Iterable[Record], unreadable_since: Iterable[datetime], now: datetime) -> tuple[Span, ...]:
    """When holds stood until now, by the records of a campaign (or its mirror) that were found.

    One that can't be read stands, nobody knows since when: at most since its ConfigMap was made.
    """
    records = [*known]
    spans = tuple(span for record in records for span in record.stood)
    for since in [*(record.since for record in records if record.stands), *unreadable_since]:
        spans = ended(spans, since, now)
    return spans


def standing_seconds(stood: Iterable[Span], start: float, end: float) -> float:
    """Seconds between two moments (seconds since 1970 UTC) in which one of the spans stood; 0 if they are reversed."""
    seconds, counted = 0.0, start
    for span in sorted(stood, key=lambda each: each.since):
        begin, until = max(span.since.timestamp(), counted), min(span.until.timestamp(), end)
        if until > begin:
            seconds, counted = seconds + until - begin, until
    return seconds


def next_sequence(known: Iterable[int], now: datetime) -> int:
    """A sequence above every known one, and at least the second of the decision (since 1970).

    By the second it is above those that nobody can read any more, as somebody deleted or damaged them.
    """
    return max([*(sequence + 1 for sequence in known), int(now.timestamp())])


def _config_map(campaign: str, namespace: str, name: str, text: str) -> dict[str, Any]:
    """Manifest of a campaign's record or mirror."""
    marks = {
        "app.kubernetes.io/name": "hold",
        "app.kubernetes.io/part-of": "warmlane",
        "app.kubernetes.io/managed-by": "warmlane",
        labels.CAMPAIGN: campaign,
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": marks},
        "data": {KEY: text},
    }


def record_manifest(campaign: str, text: str) -> dict[str, Any]:
    """Manifest of a campaign's record."""
    return _config_map(campaign, names.PLATFORM_NAMESPACE, record_name(campaign), text)


def mirror_manifest(campaign: str, text: str) -> dict[str, Any]:
    """Manifest of a campaign's mirror."""
    return _config_map(campaign, names.namespace(campaign), MIRROR, text)
