"""Turns what the policy SDK hands to a rule into plain Python values.

Rules are given proxies that are neither dict nor list, compare unlike them, and raise as soon as an unknown value is
touched, at which the SDK downgrades the whole rule to a warning. Here an unknown value becomes `UNKNOWN`, so that a
rule can say itself what it makes of it; where isolation hangs on it, that is a refusal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pulumi_policy import proxy
from pulumi_policy.proxy import _DictProxy, _ListProxy


class Unknown:
    """A value that is known only after deployment."""

    def __repr__(self) -> str:
        return "(known after deployment)"


UNKNOWN: Final = Unknown()
SIGNS: Final = frozenset(
    getattr(proxy, f"UNKNOWN_{kind}_VALUE")
    for kind in ("BOOLEAN", "NUMBER", "STRING", "ARRAY", "ASSET", "ARCHIVE", "OBJECT")
)
"""What stands for an unknown value on the wire."""


def plain(value: Any) -> Any:
    """Dicts, lists and scalars, with `UNKNOWN` in place of each unknown value; integral numbers are ints.

    Every rule is handed every resource, so this goes round the proxies by the door that the SDK's own serialization
    uses, instead of asking each of them and catching what it raises.
    """
    kind = type(value)
    if kind is str:
        return UNKNOWN if value in SIGNS else value
    if kind is float:
        return int(value) if value.is_integer() else value
    if kind is _DictProxy:
        return {str(key): plain(entry) for key, entry in value["__target"].items()}
    if kind is _ListProxy:
        return [plain(entry) for entry in value["__target"]]
    if kind is dict:
        return {str(key): plain(entry) for key, entry in value.items()}
    if kind is list:
        return [plain(entry) for entry in value]
    return value


def at(value: Any, *path: str) -> Any:
    """The value at a path of keys; None where the path ends early, UNKNOWN where it runs into an unknown value."""
    for key in path:
        if value is UNKNOWN:
            return UNKNOWN
        value = value.get(key) if isinstance(value, dict) else None
    return value


def mapping(value: Any, *path: str) -> dict[str, Any]:
    """The mapping at a path, empty where there is none."""
    found = at(value, *path)
    return found if isinstance(found, dict) else {}


def items(value: Any, *path: str) -> list[Any]:
    """The list at a path, empty where there is none."""
    found = at(value, *path)
    return found if isinstance(found, list) else []


def unknown_paths(value: Any, path: str = "") -> Iterator[str]:
    """Dotted paths of the unknown values inside a value."""
    if value is UNKNOWN:
        yield path
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from unknown_paths(entry, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from unknown_paths(entry, f"{path}[{index}]")
