"""All checks of a recipient together: order, verdict, codes, and never a way through for garbage."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmlane.recipients.address import MalformedAddress, parse
from warmlane.recipients.check import REFUSED, Checker
from warmlane.recipients.hashing import HashKey, KeyedHash, KeyRing
from warmlane.recipients.route import Asked, Records
from warmlane.recipients.routes import MailRoutes
from warmlane.recipients.suppression import SuppressionUnavailable
from warmlane.recipients.verdict import DEFERRALS, REFUSALS, Kind, Reason, Verdict

KEYS = KeyRing(HashKey("k2", b"n" * 32), HashKey("k1", b"o" * 32))

REGISTERED = {
    "5.1.2": {550},
    "5.1.3": {501},
    "5.1.10": {556},
    "5.7.1": {550},
    "4.4.3": {451},
    "4.3.0": {451},
}
"""Of the codes in use, the basic codes that the registry of RFC 5248 (5.1.10: RFC 7505) puts beside them; it names none
for 5.1.2, where 550 is RFC 5321's for a mailbox that can't be had."""


@dataclass
class World:
    """DNS and suppressions by table; what was asked is kept."""

    suppressed: set[KeyedHash] = field(default_factory=set)
    available: bool = True
    asked: list[str] = field(default_factory=list)

    async def mx(self, domain: str) -> Records:
        self.asked.append(domain)
        if domain.startswith("unknown"):
            return Records(Asked.UNKNOWN, 0, why="no answer in time.")
        if domain.startswith("gone"):
            return Records(Asked.NO_NAME, 60)
        exchange = {"null.test": ".", "parked.test": "localhost", "gmial.com": "aspmx.l.google.com"}
        return Records(Asked.FOUND, 60, (exchange.get(domain, f"mx.{domain}"),))

    async def addresses(self, host: str) -> Records:
        return Records(Asked.FOUND, 60, ("192.0.2.25",))

    async def holds(self, hashes: Sequence[KeyedHash]) -> bool:
        self.asked.append("suppressions")
        if not self.available:
            raise SuppressionUnavailable
        return any(found in self.suppressed for found in hashes)


def checked(text: str, world: World | None = None, refused: frozenset[Reason] = REFUSED) -> Verdict:
    world = world or World()
    return asyncio.run(Checker(MailRoutes(world), KEYS, world, refused).check(text))


@pytest.mark.parametrize(
    ("text", "kind", "reason", "status"),
    [
        ("user@shop.test", Kind.ACCEPT, Reason.VALID, "2.1.5"),
        ("info@shop.test", Kind.ACCEPT, Reason.BUSINESS_ROLE, "2.1.5"),
        ("user@libro.it", Kind.ACCEPT, Reason.POSSIBLE_TYPO, "2.1.5"),
        ("nobody", Kind.REJECT, Reason.MALFORMED, "5.1.3"),
        ("abuse@shop.test", Kind.REJECT, Reason.OPERATIONS_ROLE, "5.7.1"),
        ("user@mailinator.com", Kind.REJECT, Reason.DISPOSABLE, "5.7.1"),
        ("user@hotmial.com", Kind.REJECT, Reason.DISPOSABLE, "5.7.1"),
        ("user@gmal.com", Kind.REJECT, Reason.LIKELY_TYPO, "5.1.2"),
        ("user@gone.test", Kind.REJECT, Reason.NO_DOMAIN, "5.1.2"),
        ("user@null.test", Kind.REJECT, Reason.NULL_MX, "5.1.10"),
        ("user@parked.test", Kind.REJECT, Reason.PARKED, "5.1.2"),
        ("user@unknown.test", Kind.DEFER, Reason.DNS_UNKNOWN, "4.4.3"),
    ],
)
def test_a_verdict(text: str, kind: Kind, reason: Reason, status: str) -> None:
    found = checked(text)
    assert (found.kind, found.reason, found.status) == (kind, reason, status), found


def test_a_slip_is_suggested_and_never_put_right() -> None:
    found = checked("user@gmal.com")
    assert found.suggestion == "gmail.com" and found.text.endswith("Did you mean gmail.com?")


def test_a_look_alike_with_an_account_at_a_provider_is_only_possible() -> None:
    found = checked("user@gmial.com", refused=REFUSED - {Reason.DISPOSABLE})
    assert (found.kind, found.reason) == (Kind.ACCEPT, Reason.POSSIBLE_TYPO)


@pytest.mark.parametrize("text", ["nobody", "abuse@shop.test", "user@mailinator.com"])
def test_what_the_text_tells_asks_nobody(text: str) -> None:
    world = World()
    checked(text, world)
    assert world.asked == []


def test_suppressions_are_asked_before_dns() -> None:
    world = World()
    world.suppressed.add(KEYS.written(parse("user@shop.test")))
    assert checked("User@SHOP.test", world).reason is Reason.SUPPRESSED
    assert world.asked == ["suppressions"]


def test_the_key_before_still_finds_the_suppressed() -> None:
    world = World()
    world.suppressed.add(KEYS.readable(parse("user@shop.test"))[1])
    found = checked("user@shop.test", world)
    assert (found.kind, found.status) == (Kind.REJECT, "5.7.1")


def test_without_the_suppression_list_nobody_passes() -> None:
    found = checked("user@shop.test", World(available=False))
    assert (found.kind, found.reason, found.reply) == (Kind.DEFER, Reason.SUPPRESSION_UNKNOWN, 451)


@pytest.mark.parametrize("reason", sorted(REFUSED | {Reason.BUSINESS_ROLE, Reason.POSSIBLE_TYPO}))
def test_a_campaign_chooses_what_judgement_refuses(reason: Reason) -> None:
    text = {
        Reason.DISPOSABLE: "user@mailinator.com",
        Reason.OPERATIONS_ROLE: "abuse@shop.test",
        Reason.BUSINESS_ROLE: "info@shop.test",
        Reason.LIKELY_TYPO: "user@gmal.com",
        Reason.POSSIBLE_TYPO: "user@libro.it",
        Reason.PARKED: "user@parked.test",
    }[reason]
    assert checked(text, refused=frozenset()).kind is Kind.ACCEPT
    found = checked(text, refused=frozenset({reason}))
    assert (found.kind, found.reason) == (Kind.REJECT, reason)


@pytest.mark.parametrize("answer", [*REFUSALS.values(), *DEFERRALS.values()])
def test_codes_are_registered_together(answer: object) -> None:
    assert answer.reply in REGISTERED[answer.status]  # type: ignore[attr-defined]


@given(st.text(max_size=300) | st.text("@.\r\n<>\"' aå", max_size=40) | st.binary(max_size=40).map(repr))
def test_nothing_raises_and_no_garbage_passes(text: str) -> None:
    found = checked(text)
    assert re.fullmatch(r"[245]\d\d [245]\.\d{1,3}\.\d{1,3} [ -~]+", found.smtp), "one line of printable ASCII"
    assert len(found.smtp) <= 510
    if found.kind is Kind.ACCEPT:
        parse(text)


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_a_domain_can_not_end_the_reply_line(domain: str) -> None:
    try:
        parse(f"user@{domain}")
    except MalformedAddress:
        assert checked(f"user@{domain}").kind is Kind.REJECT
    assert "\n" not in checked(f"user@{domain}").smtp
