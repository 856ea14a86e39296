"""Postfix 3.7's log lines as events. Pure: a line goes in, an event or None comes out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

SUBMISSION_RESULTS = ("accepted", "rejected", "authentication_failed")


class Outcome(StrEnum):
    """How one attempt to deliver to one recipient ended."""

    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCED = "bounced"


@dataclass(frozen=True)
class Delivery:
    """An attempt to deliver to one recipient."""

    queue_id: str
    outcome: Outcome
    recipient_domain: str
    relay_host: str | None
    """Host name of the server that answered; None if none was reached."""
    status: str = ""
    """Enhanced status code, such as `4.7.1`."""
    code: int | None = None
    """SMTP code of the answer; None where no server gave one."""
    reply: str = ""
    """What Postfix says of the end, the server's answer in it; may name the recipient."""


@dataclass(frozen=True)
class Contacted:
    """A receiver was connected to. The attempt goes on with another of its servers, or ends in a line to come."""

    queue_id: str


@dataclass(frozen=True)
class Started:
    """An authenticated producer has named a sender and a recipient; whether the message comes is not yet known."""

    queue_id: str


@dataclass(frozen=True)
class Refused:
    """An attempt to submit that was refused."""

    result: str


@dataclass(frozen=True)
class Queued:
    """A message entered the active queue, for the first time or for another attempt."""

    queue_id: str
    null_sender: bool


@dataclass(frozen=True)
class Removed:
    """A message left the queue for good."""

    queue_id: str


@dataclass(frozen=True)
class Unparsed:
    """A line that has the marks of an event, or is none of Postfix' lines at all: the parser does not know it."""

    line: str


Event = Delivery | Contacted | Started | Refused | Queued | Removed | Unparsed

_LINE = re.compile(
    r"^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ postfix(?:/[\w.-]+)*?/(?P<program>[\w-]+)\[\d+\]: (?P<text>.*)$"
)
_QUEUE_ID = r"(?P<queue_id>[0-9A-Za-z]{6,})"
_DELIVERY = re.compile(
    _QUEUE_ID + r": to=<(?P<recipient>[^>]*)>,(?: orig_to=<[^>]*>,)? relay=(?P<relay>[^,]+),"
    r"(?: conn_use=\d+,)? delay=[\d.e+-]+, delays=[\d./e+-]+, dsn=(?P<dsn>\d\.\d+\.\d+),"
    r" status=(?P<status>[a-z]+) (?P<reply>.*)"
)
_CODE = re.compile(r" (?:said|refused to talk to me): (?P<code>[245]\d\d)[ -]")
_CONTACTED = re.compile(_QUEUE_ID + r": (?!to=<)")
_EXPIRED = re.compile(_QUEUE_ID + r": from=<[^>]*>, status=(?:expired|force-expired), returned to sender")
_QUEUED = re.compile(_QUEUE_ID + r": from=<(?P<sender>[^>]*)>, size=\d+, nrcpt=\d+ \(queue active\)")
_REMOVED = re.compile(_QUEUE_ID + r": removed$")
_STARTED = re.compile(_QUEUE_ID + r": client=[^,]+,.*\bsasl_username=")
_REJECTED = re.compile(r"(?:NOQUEUE|[0-9A-Za-z]{6,}): (?:reject|reject_warning|milter-reject): ")
_AUTHENTICATION = re.compile(r"warning: .+: SASL [\w-]+ authentication failed")

_OUTCOMES = {"sent": Outcome.DELIVERED, "deferred": Outcome.DEFERRED, "bounced": Outcome.BOUNCED}
_PROBES = {"deliverable", "undeliverable"}
"""States of address probes (verify(8)): no mail, no outcome."""


def parse(line: str) -> Event | None:
    """The event in a line of the mail log; None for a line that tells none."""
    matched = _LINE.match(line)
    if not matched:
        return Unparsed(line)
    program, text = matched["program"], matched["text"]
    if program == "smtpd":
        return _smtpd(text)
    if program == "qmgr":
        return _qmgr(text, line)
    if program in {"smtp", "error", "retry", "discard"}:
        contacted = _CONTACTED.match(text) if program == "smtp" else None
        return Contacted(contacted["queue_id"]) if contacted else _delivery(text, line)
    return None


def _smtpd(text: str) -> Event | None:
    started = _STARTED.match(text)
    if started:
        return Started(started["queue_id"])
    if _REJECTED.match(text):
        return Refused("rejected")
    if _AUTHENTICATION.match(text):
        return Refused("authentication_failed")
    return None


def _qmgr(text: str, line: str) -> Event | None:
    queued = _QUEUED.match(text)
    if queued:
        return Queued(queued["queue_id"], queued["sender"] == "")
    removed = _REMOVED.match(text)
    if removed:
        return Removed(removed["queue_id"])
    # Mail that grew too old was deferred at every attempt and counted so; that it expired is no bounce.
    return Unparsed(line) if "status=" in text and not _EXPIRED.match(text) else None


def _delivery(text: str, line: str) -> Event | None:
    delivery = _DELIVERY.match(text)
    if not delivery:
        return Unparsed(line) if " status=" in text and text.partition(": ")[2].startswith("to=<") else None
    status = delivery["status"]
    if status in _PROBES:
        return None
    if status not in _OUTCOMES:
        return Unparsed(line)
    relay, code = delivery["relay"].partition("[")[0], _CODE.search(delivery["reply"])
    return Delivery(
        queue_id=delivery["queue_id"],
        outcome=_OUTCOMES[status],
        recipient_domain=delivery["recipient"].rpartition("@")[2].lower(),
        relay_host=relay.lower() if relay not in {"none", "local", ""} else None,
        status=delivery["dsn"],
        code=int(code["code"]) if code else None,
        reply=delivery["reply"],
    )
