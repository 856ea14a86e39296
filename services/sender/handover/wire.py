"""The protocol between siblings: a greeting, then sealed messages one after the other, each answered by a line.

The taking side greets with `200 <32 hex digits>`, which are random and part of what each message is sealed for, or with
`503 <why>` and closes. A message is its length (four octets, highest first) and that many octets. Answers begin with:
200 it is on disk here, 503 not now, 422 never like this.
"""

from __future__ import annotations

import struct

KEPT, NOT_NOW, NEVER = 200, 503, 422
GREETING_OCTETS = 16
LENGTH = struct.Struct("!I")
LARGE = 1024 * 1024
"""Octets above which a message is moved alone, so that only one such lies in memory."""
SECONDS = 30.0
"""For either side to send what is awaited, a large message included."""
LONGEST_LINE = 200


def place(greeting: bytes, number: int) -> bytes:
    """What the message of this number, counted from 0, is sealed for."""
    return greeting + LENGTH.pack(number)


def line(code: int, text: str) -> bytes:
    """An answer; text in ASCII, cut to one line."""
    shown = " ".join(text.split())[: LONGEST_LINE - 10]
    return f"{code} {shown}\n".encode("ascii", "replace")


def parsed(answer: bytes) -> tuple[int, str]:
    """Code and text of an answer. Raises ValueError."""
    code, _, text = answer.decode("ascii", "replace").rstrip("\n").partition(" ")
    if not answer.endswith(b"\n") or code not in (str(KEPT), str(NOT_NOW), str(NEVER)):
        raise ValueError(f"{answer[:40]!r} is no answer of a sibling")
    return int(code), text
