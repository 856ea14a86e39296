"""What a message that came back is: a bounce, a complaint, an answer by a machine, or something for a person."""

from __future__ import annotations

from dataclasses import dataclass

from warmlane.returns import arf, dsn, mime
from warmlane.returns.arf import Complaint, NoComplaint
from warmlane.returns.dsn import Bounce, NoBounce
from warmlane.returns.mime import Fields, UnreadableMessage


@dataclass(frozen=True)
class AutoReply:
    """An answer that nobody wrote, such as a notice of absence (RFC 3834): it says nothing of delivery."""


@dataclass(frozen=True)
class Unparseable:
    """A message that only a person can understand."""

    reason: str


Report = Bounce | Complaint | AutoReply | Unparseable


def read(raw: bytes) -> Report:
    """What the message is. Never raises, and takes at most a second, whatever the message is."""
    try:
        message = mime.parse(raw)
        try:
            return arf.of(message)
        except NoComplaint:
            pass
        try:
            return dsn.of(message)
        except NoBounce as error:
            return AutoReply() if _automatic(message.header) else Unparseable(str(error))
    except UnreadableMessage as error:
        return Unparseable(str(error))


def _automatic(header: Fields) -> bool:
    submitted = header.get("Auto-Submitted").partition(";")[0].partition("(")[0].strip().lower()
    precedence = header.get("Precedence").lower()
    return submitted == "auto-replied" or precedence == "auto_reply" or bool(header.get("X-Autoreply"))
