"""Syntax and canonical form: one spelling for all that reach one mailbox, and no garbage."""

from __future__ import annotations

import unicodedata

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from warmlane.recipients.address import MalformedAddress, parse

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
LABELS = st.text(LETTERS + "äöüßéàçøλжク", min_size=1, max_size=12)
DOMAINS = st.builds("{}.{}".format, LABELS, st.sampled_from(["example", "test", "com", "de", "рф"]))
LOCALS = st.text(st.characters(categories=["Ll", "Lu", "Lo", "Mn", "Nd"]) | st.sampled_from(".+-_'"), min_size=1)
ADDRESSES = st.builds("{}@{}".format, LOCALS, DOMAINS)


def canonical(text: str) -> str | None:
    try:
        return parse(text).canonical
    except MalformedAddress:
        return None


@given(ADDRESSES)
@example("İ@example.test")
@example("ΑΣ@example.test")
@example("ᾳ\u0345@example.test")
def test_canonical_is_stable(text: str) -> None:
    once = canonical(text)
    if once is not None:
        assert canonical(once) == once


@given(ADDRESSES)
def test_composed_and_decomposed_are_one(text: str) -> None:
    forms = {canonical(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")} - {None}
    assert len(forms) <= 1, "the same letters in two encodings reach one mailbox"


@given(st.text(LETTERS, min_size=1, max_size=20), st.text(LETTERS, min_size=1, max_size=20))
def test_case_does_not_count(local: str, label: str) -> None:
    plain = canonical(f"{local}@{label}.example")
    assert plain == f"{local}@{label}.example"
    assert plain == canonical(f"{local.upper()}@{label.title()}.EXAMPLE")


@pytest.mark.parametrize(
    "text",
    ["User@BÜCHER.example", "user@bücher.example", "USER@xn--bcher-kva.example", "user@bu\u0308cher.example"],
)
def test_idn_spellings_are_one(text: str) -> None:
    assert canonical(text) == "user@xn--bcher-kva.example"


@given(st.text() | st.text("@.<>\"' ,;:[]()\\\r\n\0abc", max_size=80) | ADDRESSES)
def test_nothing_passes_that_the_library_refuses(text: str) -> None:
    """Also holds the shortcut for plain local parts to what the library says of the whole."""
    try:
        found = validate_email(text, check_deliverability=False, strict=True, test_environment=True)
        expected = "." in (found.ascii_domain or "")
    except EmailNotValidError:
        expected = False
    assert (canonical(text) is not None) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "nobody",
        "a@b",
        "a@localhost",
        "a@test",
        "a@@b.example",
        "a b@c.example",
        ".a@b.example",
        "a.@b.example",
        "a..b@c.example",
        "a@b..example",
        "a@-b.example",
        "a@b.example.",
        "a@[192.0.2.1]",
        "a@192.0.2.1",
        '"a"@b.example',
        "A <a@b.example>",
        "a@b.example\r\nRCPT TO:<c@d.example>",
        "a@b.example\n",
        " a@b.example",
        f"{'a' * 65}@b.example",
        f"a@{'b' * 64}.example",
        f"{'a' * 64}@{'.'.join(['b' * 60] * 3)}.example",
        "a\ud800@b.example",
    ],
)
def test_garbage_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(MalformedAddress) as refused:
        parse(text)
    assert str(refused.value).isascii() and len(str(refused.value)) > 20


def test_the_longest_local_part_passes() -> None:
    assert canonical(f"{'a' * 64}@b.example")
