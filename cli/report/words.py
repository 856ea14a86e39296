"""Pieces of Markdown that say what somebody else wrote, and no more than a line holds."""

from __future__ import annotations

import re
from collections.abc import Sequence

SHOWN_NAMES = 10
"""Stacks, files or rules that a line names; the details have all."""
SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~-])")


def safe(text: str) -> str:
    """Text of a change as it reads, without its Markdown, HTML or mentions: it may come from anybody."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split())).replace("@", "&#64;")


def code(text: str) -> str:
    """A name as code."""
    return f"`{' '.join(text.split()).replace('`', '')}`"


def some(parts: Sequence[str], between: str = ", ") -> str:
    """Texts in a line, the first ones where there are many."""
    more = f"{between}and {len(parts) - SHOWN_NAMES} more" if len(parts) > SHOWN_NAMES else ""
    return f"{between.join(parts[:SHOWN_NAMES])}{more}"
