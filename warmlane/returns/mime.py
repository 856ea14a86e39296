"""What strangers send, taken apart: bounded in size, depth, parts and headers, so that nothing stops or stalls it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email._policybase import Compat32
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser

from warmlane.returns.token import TEXT_LENGTH

LOOKED_AT = 256 * 1024
"""Octets of a message that are looked at: what a report says stands before the copy of the mail that it reports."""
HEADER_LENGTH = 2_000
"""Characters of a header field that are kept; the standard parser takes time by the square of its parameters."""
BOUNDARIES = 40
"""Words `boundary`, so also how deep parts can be nested; at the next one the message is cut."""
DELIMITERS = 500
"""Lines that begin with two hyphens; at the next one the message is cut."""
BLOCKS = 50
"""Blocks of fields in a report: one for the report and one for each recipient, of which a message has one."""
NESTED = 3
"""Messages in messages: a report that was forwarded, or wrapped by a gateway."""

_BOUNDARY = re.compile(rb"boundary", re.IGNORECASE)
_DELIMITER = re.compile(rb"^--", re.MULTILINE)
_TOKEN = re.compile(rf"(?<![a-z0-9])(?:[bf]\+)?([a-z2-7]{{{TEXT_LENGTH}}})(?![a-z0-9])", re.IGNORECASE)


class UnreadableMessage(ValueError):
    """A message that the parser can't take apart."""


class _Bounded(Compat32):
    """Cuts long fields, and leaves messages in messages to us: the standard parser descends without end."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        value = value[:HEADER_LENGTH].replace("\0", "")
        if name.lower() == "content-type" and value.lstrip().lower().startswith("message/"):
            value = "x-" + value.lstrip()
        elif name.lower() == "content-type" and value.lstrip().lower().startswith("multipart/digest"):
            value = "multipart/mixed" + value.lstrip()[len("multipart/digest") :]
        return name, value


_POLICY = _Bounded()


@dataclass(frozen=True)
class Part:
    """A part that has no parts: its type in lower case, such as `message/delivery-status`, and its decoded octets."""

    type: str
    body: bytes
    charset: str

    @property
    def text(self) -> str:
        """The body as text; what the charset can't say is replaced."""
        try:
            return self.body.decode(self.charset, "replace").replace("\0", "")
        except (LookupError, ValueError):
            return self.body.decode("latin-1").replace("\0", "")


@dataclass(frozen=True)
class Fields:
    """A block of header fields; names are compared without case."""

    pairs: Sequence[tuple[str, str]]

    def all(self, name: str) -> list[str]:
        """Every value of a field, unfolded."""
        return [" ".join(value.split()) for each, value in self.pairs if each.lower() == name.lower()]

    def get(self, name: str) -> str:
        """The field's first value, unfolded; empty when there is none."""
        return next(iter(self.all(name)), "")


@dataclass(frozen=True)
class Parsed:
    """A message: its header, and its parts in their order."""

    header: Fields
    parts: tuple[Part, ...]
    report_type: str
    """The parameter of multipart/report, in lower case."""

    def first(self, *types: str) -> Part | None:
        """The first part of one of these types."""
        return next((part for part in self.parts if part.type in types), None)

    @property
    def text(self) -> str:
        """All that is plain text, for people."""
        return "\n".join(part.text for part in self.parts if part.type == "text/plain")


def parse(raw: bytes) -> Parsed:
    """A message's parts. Raises UnreadableMessage, and nothing else."""
    try:
        message = BytesParser(policy=_POLICY).parsebytes(_cut(raw))
        parts = tuple(_parts(message))
        report_type = message.get_param("report-type") or ""
        header = _fields(message)
    # The standard parser promises no exceptions, and has had some: whatever it is, the message is for a person.
    except Exception as error:
        raise UnreadableMessage(f"the parser gave up: {type(error).__name__}") from error
    return Parsed(header, parts, report_type.lower() if isinstance(report_type, str) else "")


def fields(raw: bytes) -> Fields:
    """The header fields that a text begins with. Raises UnreadableMessage, and nothing else."""
    try:
        return _fields(BytesHeaderParser(policy=_POLICY).parsebytes(_cut(raw)))
    except Exception as error:
        raise UnreadableMessage(f"the parser gave up: {type(error).__name__}") from error


def blocks(raw: bytes) -> list[Fields]:
    """The blocks of fields in a delivery status or a feedback report, which empty lines part."""
    split = re.split(rb"\r?\n[ \t]*\r?\n", raw[:LOOKED_AT].strip(), maxsplit=BLOCKS)[:BLOCKS]
    return [fields(block) for block in split if block.strip()]


def inner(message: Parsed, depth: int = NESTED) -> Iterator[Parsed]:
    """The message, then the messages that are in it, the outer ones first. Raises UnreadableMessage."""
    yield message
    if depth:
        for part in message.parts:
            if part.type in ("message/rfc822", "message/global"):
                yield from inner(parse(part.body), depth - 1)


def tokens(*values: str) -> tuple[str, ...]:
    """What may be return tokens in these values, in their order, each once; none is verified."""
    return tuple(dict.fromkeys(found.lower() for value in values for found in _TOKEN.findall(value)))


def _cut(raw: bytes) -> bytes:
    raw = raw[:LOOKED_AT]
    for pattern, allowed in ((_BOUNDARY, BOUNDARIES), (_DELIMITER, DELIMITERS)):
        for count, found in enumerate(pattern.finditer(raw)):
            if count == allowed:
                raw = raw[: found.start()]
                break
    return raw


def _parts(message: Message) -> Iterator[Part]:
    for part in message.walk():
        if part.is_multipart():
            continue
        body = part.get_payload(decode=True)
        if isinstance(body, bytes):
            yield Part(part.get_content_type().removeprefix("x-"), body, part.get_content_charset("utf-8"))


def _fields(message: Message) -> Fields:
    return Fields([(name, str(value)) for name, value in message.items()])
