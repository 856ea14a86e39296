"""Header From of submitted mail: one address, in the campaign's domain."""

from __future__ import annotations

import time
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sender.gate.from_header import HeaderRefused, check

DOMAIN = "sale.test"
FINE = ("From", "Shop <news@sale.test>")


def taken(*headers: tuple[str, str]) -> bool:
    try:
        check(list(headers), DOMAIN)
    except HeaderRefused:
        return False
    return True


@pytest.mark.parametrize(
    "value",
    [
        "news@sale.test",
        "<news@sale.test>",
        "Shop <news@SALE.test>",
        '"Shop, Inc." <news@sale.test>',
        '"say \\"hi\\" <x@y.test>" <news@sale.test>',
        "=?utf-8?q?B=C3=BCcher?= <news@sale.test>",
        " Shop\r\n News\n\t<news@sale.test> ",
        "Bücher & Co. <news@sale.test>",
        "J. Doe <news@sale.test>",
        "\udcfcmlaut <news@sale.test>",
    ],
)
def test_one_address_in_the_domain_is_taken(value: str) -> None:
    assert taken(("From", value)) and taken(("fRoM ", value), ("Subject", "x"), ("To", "a@other.test"))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Shop",
        "news@other.test",
        "news@sub.sale.test",
        "news@sale.test.other.test",
        "news@sale.test, boss@other.test",
        "<news@sale.test>, <news@sale.test>",
        "Shop <news@sale.test> <boss@other.test>",
        "boss@other.test <news@sale.test>",
        "Shop: news@sale.test;",
        "undisclosed:;",
        "news@sale.test (boss@other.test)",
        "Shop (x) <news@sale.test>",
        "<@other.test:news@sale.test>",
        '"a b"@sale.test',
        "news@[192.0.2.1]",
        "news@sale.test\0, boss@other.test",
        "news@sale.test\r\nboss@other.test",
        'Shop "<news@sale.test>',
        "news @ sale.test",
        "news%other.test",
    ],
)
def test_everything_else_is_refused(value: str) -> None:
    assert not taken(("From", value))


def test_from_stands_exactly_once() -> None:
    assert not taken(("Subject", "x"))
    assert not taken(FINE, FINE)
    assert not taken(FINE, ("from", "boss@other.test"))
    assert not taken(FINE, ("From ", "boss@other.test")), "obsolete syntax is a header to many readers"


@pytest.mark.parametrize("name", ["Sender", "Resent-From", "Resent-Sender"])
def test_who_else_is_said_to_send_is_in_the_domain(name: str) -> None:
    assert taken(FINE, (name, "bot@sale.test"))
    assert not taken(FINE, (name, "boss@other.test"))
    assert not taken(FINE, (name, "bot@sale.test"), (name, "bot@sale.test"))


def test_where_answers_go_is_the_campaigns_own_matter() -> None:
    assert taken(FINE, ("Reply-To", "help@other.test"))


@given(
    st.text(alphabet='a@<>",;:() \r\n\t\\.[]=?ü-') | st.text(), st.sampled_from(["", " <news@sale.test>", "@sale.test"])
)
def test_what_is_taken_is_one_address_to_python_s_parser_too(value: str, end: str) -> None:
    if taken(("From", value + end)):
        unfolded = (value + end).replace("\r", "").replace("\n", "")
        found = [address for _, address in getaddresses([unfolded]) if address]
        assert len(found) == 1 and found[0].lower().endswith("@sale.test")


@pytest.mark.parametrize("piece", ["a", "a ", '"', '"\\', "a@", '" ', " ", "<", "<a@b>", "\n "])
def test_no_header_takes_long(piece: str) -> None:
    began = time.perf_counter()
    taken(("From", piece * 50_000))
    assert time.perf_counter() - began < 1


def test_a_refusal_says_what_to_do_on_one_line() -> None:
    with pytest.raises(HeaderRefused) as refused:
        check([("From", "a@other.test\r\n250 ok, %s")], DOMAIN)
    assert str(refused.value).isascii() and str(refused.value).isprintable()
    assert "%" not in str(refused.value), "libmilter drops a reply with one"
