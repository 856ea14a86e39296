"""Roles, disposable and parked domains, and slips of the keyboard, with as few false alarms as possible."""

from __future__ import annotations

import pytest
from disposable_email_domains import blocklist
from hypothesis import given
from hypothesis import strategies as st

from warmlane.recipients.disposable import is_disposable
from warmlane.recipients.lists import lists
from warmlane.recipients.parking import all_parked, is_parking_host
from warmlane.recipients.roles import role
from warmlane.recipients.typo import Suggestion, hosted_by_mailbox_provider, slip, suggestion
from warmlane.recipients.verdict import Reason


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmal.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gnail.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmial.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("hotmal.com", "hotmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("yaho.com", "yahoo.com"),
        ("yahoo.cmo", "yahoo.com"),
        ("outlok.com", "outlook.com"),
        ("hotmai.co.uk", "hotmail.co.uk"),
        ("yahoo.co.ik", "yahoo.co.uk"),
        ("iclous.com", "icloud.com"),
    ],
)
def test_slips_of_the_fingers_are_likely(typed: str, meant: str) -> None:
    assert suggestion(typed) == Suggestion(meant, likely=True)


@pytest.mark.parametrize(("typed", "meant"), [("libro.it", "libero.it"), ("lives.com", "live.com")])
def test_what_may_be_a_name_is_only_possible(typed: str, meant: str) -> None:
    assert suggestion(typed) == Suggestion(meant, likely=False)


@pytest.mark.parametrize(
    "domain",
    ["ymail.com", "mail.com", "email.com", "gmx.at", "gmx.ch", "hotmail.ca", "live.nl", "yahoo.com.ar", "outlook.fr"]
    + ["protonmail.ch", "cloud.com", "me.com", "mac.com", "pm.me", "web.com", "a.test", "shop.example", "com"],
)
def test_real_names_are_no_slips(domain: str) -> None:
    assert suggestion(domain) is None


def test_no_provider_is_another_ones_slip() -> None:
    assert [domain for domain in lists().providers if suggestion(domain)] == []


@pytest.mark.parametrize("domain", lists().real)
def test_an_exemption_is_needed(domain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warmlane.recipients.typo._NO_SLIPS", frozenset())
    assert suggestion.__wrapped__(domain) is not None, "the name is no slip anyway and need not stand in the list"


def test_ten_thousand_registered_names_give_few_alarms() -> None:
    """The disposable list as a sample of real registered names: none is a provider's slip but the typo-squatters."""
    alarms = {domain for domain in blocklist if (found := suggestion(domain)) and found.likely}
    assert alarms <= {"gotmail.com", "hotmai.com", "hotmial.com", "gmial.com"}


@given(st.sampled_from(["gmail", "hotmail", "outlook"]), st.integers(0, 5))
def test_swapped_and_missing_letters_are_slips(word: str, place: int) -> None:
    place %= len(word) - 1
    swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    assert swapped == word or slip(swapped, word)
    assert slip(word[:place] + word[place + 1 :], word)
    assert slip(word[: place + 1] + word[place:], word), "a letter struck twice"


def test_far_letters_and_second_edits_are_no_slips() -> None:
    assert slip("gmaiq", "gmail") is False
    assert slip("gpail", "gmail") is False
    assert slip("gmapl", "gmial") is None
    assert slip("yahxx", "yahoo") is None


def test_domains_at_a_provider_are_told_by_their_exchangers() -> None:
    assert hosted_by_mailbox_provider(["alt1.aspmx.l.google.com"])
    assert not hosted_by_mailbox_provider(["google.com.mx.test", "notgoogle.com"])


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("postmaster", Reason.OPERATIONS_ROLE),
        ("abuse+list", Reason.OPERATIONS_ROLE),
        ("info", Reason.BUSINESS_ROLE),
        ("sales+summer", Reason.BUSINESS_ROLE),
        ("informed.person", None),
        ("press-gang", None),
    ],
)
def test_roles(local: str, expected: Reason | None) -> None:
    assert role(local) is expected


def test_a_disposable_domain_counts_with_all_below_it() -> None:
    assert is_disposable("mailinator.com") and is_disposable("team.mailinator.com")
    assert not is_disposable("com") and not is_disposable("shop.example") and not is_disposable("gmail.com")


def test_parking_needs_nothing_real_beside_it() -> None:
    assert is_parking_host("mail.h-email.net") and is_parking_host("localhost") and is_parking_host("127.0.0.1")
    assert not is_parking_host("xh-email.net")
    assert all_parked(["mail.h-email.net", "localhost"])
    assert not all_parked(["mail.h-email.net", "mx.shop.example"]) and not all_parked([])
