"""A recipient's address: its syntax, and the canonical form under which it is counted and suppressed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

PLAIN_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
"""The dot-atom of RFC 5322 3.2.3: what nearly all local parts are, and what needs no library to be seen as valid."""

LOCAL_PART_LENGTH = 64
"""Octets, RFC 5321 4.5.3.1.1."""
ADDRESS_LENGTH = 254
"""Octets, RFC 5321 4.5.3.1.3 (256 with the angle brackets) and erratum 1690 of RFC 3696."""
DOMAINS_REMEMBERED = 65_536


class MalformedAddress(ValueError):
    """The text is no address; `str()` is a sentence in ASCII that says why."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A valid address in its canonical parts: `local` NFC in lower case, `domain` IDNA in lower case."""

    local: str
    domain: str

    @property
    def canonical(self) -> str:
        """The one spelling for all spellings that reach the same mailbox."""
        return f"{self.local}@{self.domain}"


def parse(text: str) -> Recipient:
    """The recipient that a text names. Raises MalformedAddress.

    Not taken: display names, quoted local parts and address literals, which no list of people needs, and names that
    never are in the public DNS (RFC 6761), except `.test`, of which DNS decides. Nothing is trimmed or corrected.
    """
    local, at, domain = text.rpartition("@")
    if at and len(local) <= LOCAL_PART_LENGTH and PLAIN_LOCAL_PART.fullmatch(local):
        encoded = _encoded(domain)
        if len(local) + 1 + max(len(domain.encode(errors="replace")), len(encoded)) <= ADDRESS_LENGTH:
            return Recipient(local.lower(), encoded)
    return _by_the_library(text)


@lru_cache(maxsize=DOMAINS_REMEMBERED)
def _encoded(domain: str) -> str:
    return _by_the_library(f"x@{domain}").domain


def _by_the_library(text: str) -> Recipient:
    try:
        found = validate_email(
            text,
            check_deliverability=False,
            allow_smtputf8=True,
            allow_quoted_local=False,
            allow_domain_literal=False,
            allow_display_name=False,
            strict=True,
            test_environment=True,
        )
    except (EmailNotValidError, UnicodeError) as error:
        raise MalformedAddress(str(error).encode("ascii", "backslashreplace").decode()) from None
    if found.ascii_domain is None or "." not in found.ascii_domain:
        raise MalformedAddress("The part after the @-sign is not valid. It should have a period.")
    return Recipient(_folded(found.local_part), found.ascii_domain.lower())


def _folded(local: str) -> str:
    # Lower case may leave NFC and composing may leave lower case; twice is stable (held by a property test).
    for _ in range(2):
        local = unicodedata.normalize("NFC", local.lower())
    return local
