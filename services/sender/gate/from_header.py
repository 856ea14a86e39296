"""Header From of what producers submit: exactly one header, one address in it, in the campaign's own domain.

Postfix holds the envelope sender to that domain and does not look at headers. This is a milter (libmilter by Debian's
python3-milter) beside it: whatever stops it, Postfix answers 451 (`milter_default_action = tempfail`).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

from services.sender.settings import FROM_HEADER
from warmlane.recipients.address import MalformedAddress, parse

SECONDS_TO_WAIT = 60
"""For the next command of Postfix, which waits 30 itself (`services.sender.postfix.render`)."""

ORIGINATORS = ("from", "sender", "resent-from", "resent-sender")
"""The headers that say who sends (RFC 5322 3.6.2, 3.6.6): each at most once, each in the campaign's domain."""

REPLY, STATUS = "550", "5.7.1"

# RFC 5322 3.4: [phrase] "<" addr-spec ">" or addr-spec, as one mailbox. Comments, groups and lists are not taken: what
# two readers may take for two different addresses is none. Possessive, so that no text takes more than linear time.
_ADDRESS = r'[^\s"\\(),:;<>\[\]]++'
_WORD = r'(?:"(?:[^"\\\r\n]|\\[^\r\n]|\r?\n[ \t])*+"|[^\s"\\(),:;<>@\[\]]++)'
_MAILBOX = re.compile(rf"\s*+(?:(?:{_WORD}\s*+)*+<\s*+(?P<angle>{_ADDRESS})\s*+>|(?P<plain>{_ADDRESS}))\s*+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class HeaderRefused(Exception):
    """The message is not taken; `str()` is a sentence in ASCII that says why."""


def check(headers: list[tuple[str, str]], domain: str) -> None:
    """Holds a message's headers, names and folded values in order, to the campaign's domain. Raises HeaderRefused.

    `domain` is IDNA in lower case.
    """
    found: dict[str, list[str]] = {}
    for name, value in headers:
        # A blank before the colon is obsolete syntax (RFC 5322 4.5), and still the header to many readers.
        found.setdefault(name.strip().lower(), []).append(value)
    if "from" not in found:
        raise HeaderRefused("The message has no header From: exactly one is needed.")
    for name in ORIGINATORS:
        values = found.get(name, [])
        shown = name.title()
        if len(values) > 1:
            raise HeaderRefused(f"The message has {len(values)} headers {shown}: one is allowed.")
        for value in values:
            _check_mailbox(shown, value, domain)


def _check_mailbox(name: str, value: str, domain: str) -> None:
    match = None if _CONTROL.search(value) else _MAILBOX.fullmatch(value)
    if match is None:
        raise HeaderRefused(f"The header {name} must hold exactly one address, such as: Shop <news@{domain}>.")
    try:
        address = parse(match["angle"] or match["plain"])
    except MalformedAddress:
        raise HeaderRefused(f"The address in the header {name} is not valid.") from None
    if address.domain != domain:
        raise HeaderRefused(f"The header {name} is not in the campaign's domain {domain}.")


def serve(
    domain: str, address: tuple[str, int] = FROM_HEADER, ended: Callable[[str], None] = print
) -> threading.Thread:
    """Starts to answer Postfix in threads of libmilter's own, which end with the process.

    `ended` takes a line when the milter stops; until the process is started again Postfix takes no mail.
    """
    # Only the image has it: it is Debian's package for Debian's Python.
    import Milter

    class FromHeader(Milter.Base):  # type: ignore[misc]
        """One connection of Postfix."""

        def __init__(self) -> None:
            self.headers: list[tuple[str, str]] = []

        def envfrom(self, _sender: str, *_parameters: str) -> Any:
            self.headers = []
            return Milter.CONTINUE

        def header(self, name: str, value: str) -> Any:
            # The others may be 25 MiB, and are not asked about.
            if name.strip().lower() in ORIGINATORS:
                self.headers.append((name, value))
            return Milter.CONTINUE

        def eoh(self) -> Any:
            try:
                check(self.headers, domain)
            except HeaderRefused as refused:
                self.setreply(REPLY, STATUS, str(refused))
                return Milter.REJECT
            # Its body is nobody's business.
            return Milter.ACCEPT

    def run() -> None:
        Milter.factory = FromHeader
        Milter.set_exception_policy(Milter.TEMPFAIL)
        Milter.set_flags(0)
        try:
            Milter.runmilter("warmlane", f"inet:{address[1]}@{address[0]}", SECONDS_TO_WAIT)
        except Exception as error:
            ended(f"gate: the milter for header From ended: {error}")
        else:
            ended("gate: the milter for header From ended")

    thread = threading.Thread(target=run, name="milter", daemon=True)
    thread.start()
    return thread
