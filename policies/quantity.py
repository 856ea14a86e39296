"""Amounts as Kubernetes writes them: `250m`, `64Mi`, `1e3`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

SUFFIXES: Final = {
    **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", start=1)},
    **{letter: Decimal(1000) ** power for power, letter in enumerate("kMGTPE", start=1)},
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
}
"""Factors by suffix (Kubernetes API, Quantity)."""
NUMBER = r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))"
QUANTITY = re.compile(NUMBER + r"(?:[eE](?P<exponent>[+-]?\d{1,2})|(?P<suffix>[a-zA-Z]{0,2}))")


def amount(value: Any) -> Decimal | None:
    """The number that a quantity stands for, in its base unit (cores, bytes, pieces); None for what is none."""
    found = QUANTITY.fullmatch(str(value)) if not isinstance(value, bool) else None
    if found is None:
        return None
    if found["exponent"]:
        return Decimal(found["number"]).scaleb(int(found["exponent"]))
    factor = SUFFIXES.get(found["suffix"] or "")
    return None if factor is None else Decimal(found["number"]) * factor
