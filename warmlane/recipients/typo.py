"""Domains one slip of the keyboard away from a big mailbox provider. They are suggested, never put right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from warmlane.recipients.lists import lists

ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
"""QWERTY; y and z change places on QWERTZ, which `_NEIGHBOURS` knows."""
SHORTEST = 4
"""Letters below which every second name is one slip away."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The provider that was probably meant. `likely` = a slip that fingers make, on a name that is an invented word."""

    domain: str
    likely: bool


class Meant(NamedTuple):
    """A provider's domain that may stand behind an ending, and its first label."""

    domain: str
    brand: str


@lru_cache(maxsize=65_536)
def suggestion(domain: str) -> Suggestion | None:
    """The provider's domain that a domain (IDNA, lower case) is a slip of; None for the providers and real names."""
    if domain in _NO_SLIPS:
        return None
    written, _, ending = domain.partition(".")
    found = [one for meant in _BY_ENDING.get(ending, ()) if (one := _slip_of(written, meant))]
    return max(found, key=lambda one: one.likely, default=None)


def hosted_by_mailbox_provider(exchanges: Sequence[str]) -> bool:
    """Whether a big provider's servers take the domain's mail.

    Its owner then has an account there; collectors of look-alike mail run servers of their own.
    """
    return any(
        exchange == known or exchange.endswith(f".{known}")
        for exchange in exchanges
        for known in lists().mailbox_exchanges
    )


def _slip_of(written: str, meant: Meant) -> Suggestion | None:
    # The brand itself comes here under a slipped ending only.
    likely = True if written == meant.brand else slip(written, meant.brand)
    return None if likely is None else Suggestion(meant.domain, likely and meant.brand in _CLEAR_BRANDS)


def slip(typed: str, meant: str) -> bool | None:
    """None when more than one edit lies between two words, True for an edit that fingers make, else False.

    Fingers swap two letters, leave one out, strike one twice, or strike a key beside the right one.
    """
    if abs(len(typed) - len(meant)) > 1:
        return None
    start = 0
    while start < min(len(typed), len(meant)) and typed[start] == meant[start]:
        start += 1
    end = 0
    while end < min(len(typed), len(meant)) - start and typed[-1 - end] == meant[-1 - end]:
        end += 1
    got, wanted = typed[start : len(typed) - end], meant[start : len(meant) - end]
    match len(got), len(wanted):
        case 0, 1:
            return True
        case 1, 0:
            beside = typed[max(start - 1, 0) : start] + typed[start + 1 : start + 2]
            return any(got == letter or letter in _NEIGHBOURS.get(got, "") for letter in beside)
        case 1, 1:
            return wanted in _NEIGHBOURS.get(got, "")
        case 2, 2:
            return True if got == wanted[::-1] else None
        case _:
            return None


def _by_ending() -> dict[str, list[Meant]]:
    """By the ending that is typed, the providers that may be meant."""
    found = dict[str, list[Meant]]()
    for domain in lists().providers:
        brand, _, ending = domain.partition(".")
        if len(brand) >= SHORTEST:
            for typed in (ending, *lists().endings.get(ending, ())):
                found.setdefault(typed, []).append(Meant(domain, brand))
    return found


def _neighbours() -> dict[str, str]:
    near: dict[str, set[str]] = {key: set() for row in ROWS for key in row}
    for number, row in enumerate(ROWS):
        for place, key in enumerate(row):
            # A key touches the ones beside it and, as rows are shifted by half a key, two in the row above.
            above = ROWS[number - 1][place : place + 2] if number else ""
            for other in {*row[max(place - 1, 0) : place], *above}:
                near[key].add(other)
                near[other].add(key)
    for one, two in (("y", "z"), ("z", "y")):
        near[one] |= {other for other in near[two] if other != one}
    return {key: "".join(sorted(others)) for key, others in near.items()}


_NEIGHBOURS = _neighbours()
_BY_ENDING = _by_ending()
_NO_SLIPS = frozenset(lists().providers + lists().real)
_CLEAR_BRANDS = frozenset(lists().clear_brands)
