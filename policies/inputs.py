"""What a rule is decided from, and the refusal where that is not known.

The SDK turns a mandatory rule that touches an unknown value into a warning without a word. Here each rule names its
inputs, and one that should be part of the plan and is not known is a violation of that rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from policies.plain import UNKNOWN, unknown_paths
from policies.resource import Resource

EACH: Final = "[]"
"""A step of a path: every entry of a list."""

Path = tuple[str, ...]


class When(StrEnum):
    """From when on an input has a value."""

    PLAN = "plan"
    """In the first preview: it comes from committed config."""
    AFTER_CREATION = "after creation"
    """Once the provider has made the resource: judged by dependency edges before, and by value then."""


@dataclass(frozen=True)
class Scope:
    """The resources that an input belongs to. `text` names them in documents, `root` is where their paths begin."""

    text: str
    contains: Callable[[Resource], bool]
    root: Callable[[Resource], Path] = lambda _resource: ()


@dataclass(frozen=True)
class Input:
    """A property, with everything below it, that a rule is decided from."""

    scope: Scope
    path: Path
    when: When

    def __str__(self) -> str:
        return f"{self.scope.text}: {dotted(self.path)}"


def plan(scope: Scope, *paths: str | Path) -> tuple[Input, ...]:
    """Inputs that must be known in preview. A path is one key, or a tuple of keys and `EACH`."""
    return tuple(Input(scope, _path(path), When.PLAN) for path in paths)


def after_creation(scope: Scope, *paths: str | Path) -> tuple[Input, ...]:
    """Inputs that only a provider knows, once it has made the resource."""
    return tuple(Input(scope, _path(path), When.AFTER_CREATION) for path in paths)


def _path(path: str | Path) -> Path:
    return (path,) if isinstance(path, str) else path


def dotted(path: Path) -> str:
    """A path as people write it: `spec.containers[].image`."""
    return ".".join(path).replace(f".{EACH}", EACH)


def unknown_inputs(inputs: Iterable[Input], resource: Resource, when: When) -> list[str]:
    """Paths of a resource's inputs whose values are not known, each once, as `spec.containers[0].image`."""
    found = dict[str, None]()
    for one in inputs if not resource.all_known else ():
        if one.when is when and one.scope.contains(resource):
            path = (*one.scope.root(resource), *one.path)
            found.update(dict.fromkeys(_unknown(resource.props, path, "")))
    return list(found)


def _unknown(value: Any, path: Path, shown: str) -> Iterator[str]:
    """Unknown values on the way to a path, at it and below it."""
    if value is UNKNOWN or not path:
        yield from unknown_paths(value, shown)
    elif path[0] == EACH:
        for index, entry in enumerate(value if isinstance(value, list) else []):
            yield from _unknown(entry, path[1:], f"{shown}[{index}]")
    elif isinstance(value, dict) and path[0] in value:
        yield from _unknown(value[path[0]], path[1:], f"{shown}.{path[0]}" if shown else path[0])


def undecidable(
    rule: str, title: Callable[[Resource], str], inputs: Iterable[Input], resource: Resource
) -> Iterator[str]:
    """A message for each input of the plan that is not known; `title` names the resource."""
    for path in unknown_inputs(inputs, resource, When.PLAN):
        yield (
            f"{title(resource)}: {rule} cannot be decided from {path}, which is known only after deployment. "
            "Make it part of the plan, without Outputs."
        )
