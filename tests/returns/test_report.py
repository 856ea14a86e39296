"""No message stops or stalls the reader, and what it can't understand is for a person."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.returns.samples import FEEDBACK, STATUS, complaint, dsn, header, plain, report, wrapped
from warmlane.returns.arf import Complaint
from warmlane.returns.dsn import Bounce
from warmlane.returns.report import AutoReply, Unparseable, read

KNOWN = [dsn(), complaint(), wrapped(dsn()), wrapped(complaint()), plain("550 5.1.1 unknown")]
MEBIBYTE = 1024 * 1024
SECONDS = 5.0
"""Far above what a message takes (0.13 s seen), and far below a stall."""


def test_each_kind_is_told() -> None:
    absent = plain("I am away.", subject="Absent", sender="person@mailbox.example")
    assert isinstance(read(dsn()), Bounce)
    assert isinstance(read(complaint()), Complaint)
    assert read(b"Auto-Submitted: auto-replied (vacation)\n" + absent) == AutoReply()
    assert isinstance(read(b"Auto-Submitted: auto-generated\n" + absent), Unparseable)
    assert isinstance(read(absent), Unparseable)


def nested(levels: int, type_: str) -> bytes:
    """Messages or multiparts in one another."""
    if type_ == "message/rfc822":
        return b"".join(b"Content-Type: message/rfc822\n\n" for _ in range(levels)) + dsn()
    opened = (f'Content-Type: {type_}; boundary="b{number}"\n\n--b{number}\n' for number in range(levels))
    return "".join(opened).encode() + dsn()


HUGE = {
    "nested-messages": nested(1000, "message/rfc822"),
    "nested-multiparts": nested(1000, "multipart/mixed"),
    "nested-digests": nested(1000, "multipart/digest"),
    "25-mb-of-lines": header().encode() + b"Content-Type: text/plain\n\n" + b"\n" * (25 * MEBIBYTE),
    "25-mb-on-one-line": header().encode() + b"\n" + b"x" * (25 * MEBIBYTE),
    "25-mb-of-header": b"X: y\n" * (5 * MEBIBYTE),
    "zeros": b"\0" * MEBIBYTE,
    "parts": b'Content-Type: multipart/mixed; boundary="a"\n\n' + b"--a\n\n" * 200_000,
    "parameters": b"Content-Type: multipart/mixed" + b';a="b"' * 40_000 + b"; boundary=x\n\n",
    "quotes": b"Content-Type: multipart/mixed; boundary=" + b'"\\' * 100_000 + b"\n\n",
    "continuations": b"Content-Type: text/plain" + b"".join(b"; c*%d=x" % n for n in range(20_000)) + b"\n\n",
    "blocks": report("delivery-status", ("message/delivery-status", "a: b\n\n" * 100_000)),
    "blanks": report("delivery-status", ("message/delivery-status", "\n" + " " * 200_000)),
    "encoded-words": b"Subject: " + b"=?utf-8?q?x?= " * 50_000 + b"\n\n",
    "answer": dsn(f"x: y\n\nAction: failed\nDiagnostic-Code: smtp; {'550 ' * 60_000}\n"),
    "digits": plain("5.1." * 60_000),
    "colons": plain(": " * 120_000, subject="failure notice"),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_or_nested_message_takes_no_time(name: str) -> None:
    began = time.process_time()
    read(HUGE[name])
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize(
    "charset", ["", "utf-7", "no-such-charset", "utf-16", "rot13", "hex", "idna", "unicode_escape", "\0", "utf-8'x'"]
)
@pytest.mark.parametrize("encoding", ["7bit", "base64", "quoted-printable", "x-uuencode", "nonsense"])
def test_a_message_that_is_encoded_wrongly(charset: str, encoding: str) -> None:
    part = f"\nContent-Transfer-Encoding: {encoding}"
    told = report(
        "delivery-status",
        (f'text/plain; charset="{charset}"{part}', "=ZZ\xff\udcff+AGE-".encode("utf-8", "replace").decode()),
        (f'message/delivery-status; charset="{charset}"{part}', STATUS),
    )
    assert read(told) is not None


def hostile(count: int) -> Iterator[bytes]:
    """Known reports, damaged by a seeded hand: cut, spliced, repeated, with octets changed."""
    hand = random.Random(20261124)
    for _ in range(count):
        message = bytearray(hand.choice(KNOWN))
        for _ in range(hand.randint(1, 8)):
            at = hand.randrange(len(message) + 1)
            kind = hand.randrange(5)
            if kind == 0:
                del message[at:]
            elif kind == 1:
                message[at:at] = hand.randbytes(hand.randint(1, 40))
            elif kind == 2:
                message[at:at] = hand.choice(KNOWN)[: hand.randint(0, 800)]
            elif kind == 3:
                del message[at : at + hand.randint(1, 60)]
            else:
                message[at:at] = hand.choice([b"\0", b"\r", b"\n\n", b"--=_x\n", b"\xff\xfe", b": "]) * 5
        yield bytes(message)


def test_300_damaged_reports_are_read_in_time() -> None:
    began = time.process_time()
    kinds = {type(read(message)) for message in hostile(300)}
    assert {Bounce, Complaint, Unparseable} <= kinds, "the damage leaves some whole and makes others unreadable"
    assert time.process_time() - began < SECONDS


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(KNOWN), st.integers(0, 3000))
def test_whatever_octets_come_it_answers(junk: bytes, known: bytes, at: int) -> None:
    for message in (junk, known[:at] + junk, known[:at] + junk + known[at:]):
        assert isinstance(read(message), Bounce | Complaint | AutoReply | Unparseable)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_whatever_fields_come_it_answers(status: str, feedback: str) -> None:
    both = report(
        "delivery-status",
        ("message/delivery-status", STATUS + status.encode("utf-8", "replace").decode()),
        ("message/feedback-report", feedback.encode("utf-8", "replace").decode() + FEEDBACK),
    )
    assert isinstance(read(both), Bounce | Complaint)
