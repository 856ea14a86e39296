"""What DNS says of a lane's name and of a domain's authentication. Pure; "no" and "don't know" stay apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from ipaddress import IPv4Address

from warmlane.recipients.route import Asked, Records

_KEY = re.compile(r"(?:^|;)\s*p\s*=\s*([^;]*)")


class Agreement(StrEnum):
    """Whether address, PTR and HELO name are one (FCrDNS)."""

    AGREES = "agrees"
    WRONG = "wrong"
    UNKNOWN = "unknown"


def agreement(address: IPv4Address, hostname: str, pointers: Records, forward: Records) -> Agreement:
    """`pointers` are the address' names, `forward` the host name's IPv4 addresses."""
    if Asked.UNKNOWN in (pointers.asked, forward.asked):
        return Agreement.UNKNOWN
    right = set(pointers.values) == {hostname} and str(address) in forward.values
    return Agreement.AGREES if right else Agreement.WRONG


class Published(StrEnum):
    """Whether a record is there and of use."""

    PRESENT = "present"
    MISSING = "missing"
    INVALID = "invalid"
    """There, and receivers must take it for an error or for none."""
    UNKNOWN = "unknown"


def spf(texts: Records) -> Published:
    """By the domain's TXT records. More than one is an error (RFC 7208 4.5)."""
    return _one(texts, lambda text: text.lower() == "v=spf1" or text.lower().startswith("v=spf1 "))


def dmarc(texts: Records) -> Published:
    """By the TXT records of `_dmarc.<domain>`. More than one counts as none (RFC 7489 6.6.3)."""
    return _one(texts, lambda text: re.match(r"v\s*=\s*DMARC1\s*(;|$)", text) is not None)


def dkim(texts: Records) -> Published:
    """By the TXT records of a selector. Without `p` it is no key; an empty `p` revokes it (RFC 6376 3.6.1)."""
    if texts.asked is not Asked.FOUND:
        return Published.UNKNOWN if texts.asked is Asked.UNKNOWN else Published.MISSING
    keys = [match[1].strip() for match in map(_KEY.search, texts.values) if match]
    if not keys:
        return Published.MISSING
    return Published.PRESENT if len(keys) == 1 and keys[0] else Published.INVALID


def dmarc_names(domain: str) -> Iterator[str]:
    """Where a domain's DMARC record may lie, the nearest first: receivers look at its parents too.

    No public suffix is asked: names of a single label hold no record of ours.
    """
    labels = domain.split(".")
    for index in range(len(labels) - 1):
        yield "_dmarc." + ".".join(labels[index:])


def _one(texts: Records, is_record: Callable[[str], bool]) -> Published:
    if texts.asked is not Asked.FOUND:
        return Published.UNKNOWN if texts.asked is Asked.UNKNOWN else Published.MISSING
    found = sum(1 for text in texts.values if is_record(text))
    return (Published.MISSING, Published.PRESENT)[found] if found < 2 else Published.INVALID
