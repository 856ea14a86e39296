"""What a blocklist's answer says: listed, clean, unknown, or that the zone is broken. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from warmlane.recipients.route import Asked, Records
from warmlane.reputation.zones import Entry, Zone

ANSWERS = IPv4Network("127.0.0.0/8")
"""Where a blocklist's answers lie (RFC 5782 2.1). Dead zones that were sold answer with a web server's address."""
ERRORS = IPv4Network("127.255.255.0/24")
"""Answers that refuse the question: .252 a zone's name typed wrongly, .254 a public resolver, .255 too many questions
(spamhaus.org/news/article/788)."""
REFUSALS = {
    IPv4Address("127.255.255.252"): "the zone's name is typed wrongly",
    IPv4Address("127.255.255.254"): "the resolver is a public one, or has no name of its own",
    IPv4Address("127.255.255.255"): "too many questions were asked",
    IPv4Address("127.0.1.255"): "an address was asked for in a list of domains",
    IPv4Address("127.0.0.1"): "the question was refused",
}


class State(StrEnum):
    """What is known of an address or a domain in a zone."""

    LISTED = "listed"
    CLEAN = "clean"
    UNKNOWN = "unknown"
    """No answer, or a refusal: it neither lists nor clears."""
    BROKEN = "broken"
    """The zone answers what no blocklist may: its word counts for nothing."""


KNOWN = (State.LISTED, State.CLEAN)


@dataclass(frozen=True)
class Answer:
    """One answer. `entries` are the lists that name the subject, empty unless LISTED; `why` says what is not known."""

    state: State
    entries: frozenset[Entry] = frozenset()
    why: str = ""
    ttl: float = 0
    """Seconds for which a resolver may give the same answer again without asking."""


def judge(zone: Zone, records: Records) -> Answer:
    """What DNS' answer to a question for A records says."""
    if records.asked in (Asked.NO_NAME, Asked.NO_DATA):
        return Answer(State.CLEAN, ttl=records.ttl)
    if records.asked is Asked.UNKNOWN:
        return Answer(State.UNKNOWN, why=records.why)
    found = [_address(value) for value in records.values]
    strange = [value for value, address in zip(records.values, found, strict=True) if address not in ANSWERS]
    if strange or not found:
        return Answer(
            State.BROKEN, why=f"it answers {strange[0] if strange else 'nothing'}, which is in no 127.0.0.0/8"
        )
    refused = [address for address in found if address in ERRORS or address in REFUSALS]
    if refused:
        why = REFUSALS.get(refused[0], "the question was refused")
        return Answer(State.UNKNOWN, why=f"{why} ({refused[0]}).")
    entries = frozenset(entry for address in found for entry in zone.entries(address))
    return Answer(State.LISTED, entries, ttl=records.ttl)


def _address(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except AddressValueError:
        return IPv4Address(0)


def health(at_listed: Answer, at_clean: Answer) -> Answer:
    """A zone's own state, by the answers at its two test points: CLEAN means that its word counts (RFC 5782 5)."""
    for answer in (at_listed, at_clean):
        if answer.state is State.BROKEN:
            return answer
    if at_clean.state is State.LISTED:
        return Answer(State.BROKEN, why="it lists its test point that must be clean: it may list everything.")
    if at_listed.state is State.CLEAN:
        return Answer(State.BROKEN, why="it does not list its test point that must be listed: it may be dead.")
    for answer in (at_listed, at_clean):
        if answer.state is State.UNKNOWN:
            return answer
    return Answer(State.CLEAN)


def under(zone: Answer, answer: Answer) -> Answer:
    """What an answer is worth, given the zone's own state."""
    return answer if zone.state is State.CLEAN else Answer(zone.state, why=zone.why)
