"""Postfix' long queue ids: seconds and microseconds in base 52, the letter z, the file's inode in base 51.

postsuper(1) renames a file whose name does not tell its inode, so a file that moves to another disk needs a new id.
"""

from __future__ import annotations

import re

DIGITS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
"""52 of them: letters without vowels, so that no id is a word. The last one separates the inode, which has no z."""
SECONDS_DIGITS, MICROSECONDS_DIGITS = 6, 4
_SHAPE = re.compile(rf"([{DIGITS}]{{{SECONDS_DIGITS},10}}[{DIGITS}]{{{MICROSECONDS_DIGITS}}})z[{DIGITS[:-1]}]{{1,12}}")


def moment(queue_id: str) -> str | None:
    """The digits that tell when a message came; None where this is no long queue id."""
    match = _SHAPE.fullmatch(queue_id)
    return match[1] if match else None


def moment_of(arrived: float) -> str:
    """The digits for a time, in seconds since 1970 UTC."""
    seconds, microseconds = divmod(int(arrived * 1_000_000), 1_000_000)
    return _digits(seconds, 52).rjust(SECONDS_DIGITS, "0") + _digits(microseconds, 52).rjust(MICROSECONDS_DIGITS, "0")


def queue_id(came: str, inode: int) -> str:
    """The id of a file with this inode, for a message that came at a `moment`."""
    return f"{came}z{_digits(inode, 51)}"


def _digits(number: int, base: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, base)
        text = DIGITS[digit] + text
    return text or "0"
