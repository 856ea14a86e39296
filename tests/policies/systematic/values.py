"""Walks through the values of a resource as they go over the wire, and changes them at a path.

A path is a tuple of keys and indices. A text that holds a JSON object, as a sender's configuration does, is walked
through as well: `JSON` is the step into it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY

JSON = "(JSON)"
Path = tuple[str | int, ...]


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value below one, with its path; a secret is passed by its content."""
    if isinstance(value, dict):
        if value.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG:
            yield from walk(value["value"], (*path, "value"))
            return
        entries: Any = sorted(value.items())
    elif isinstance(value, list):
        entries = enumerate(value)
    elif isinstance(value, str) and value.startswith("{"):
        yield from walk(_parsed(value), (*path, JSON))
        return
    else:
        return
    for key, entry in entries:
        yield (*path, key), entry
        yield from walk(entry, (*path, key))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def at(value: Any, path: Path) -> Any:
    """The value at a path."""
    for step in path:
        value = json.loads(value) if step == JSON else value[step]
    return value


def changed(value: Any, path: Path, change: Callable[[Any, str | int], None]) -> Any:
    """The value with a change of the container at a path's end; `change` is given that and the last step."""
    if path[0] == JSON:
        return json.dumps(changed(json.loads(value), path[1:], change), sort_keys=True)
    if len(path) == 1:
        change(value, path[0])
    else:
        value[path[0]] = changed(value[path[0]], path[1:], change)
    return value


def put(value: Any, path: Path, new: Any) -> Any:
    """The value with another one at a path; a key that is not there is added."""

    def set_(container: Any, step: str | int) -> None:
        container[step] = new

    return changed(value, path, set_)


def removed(value: Any, path: Path) -> Any:
    """The value without what is at a path."""

    def delete(container: Any, step: str | int) -> None:
        del container[step]

    return changed(value, path, delete)


def dotted(path: Path) -> str:
    """A path as people write it, `spec.ports[0].port`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
