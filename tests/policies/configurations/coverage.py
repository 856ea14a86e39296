"""What configurations of some models can differ in, read from the models themselves, and which of it was reached.

A field that nobody generates is so found by itself: its cases are missing.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from datetime import date, datetime
from enum import Enum
from ipaddress import IPv4Address, IPv4Network
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import AnyUrl, AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

ENDLESS = (date, datetime, AwareDatetime, IPv4Address, IPv4Network, PurePosixPath)
"""Types without an end that a model could set."""

Model = type[BaseModel]
Seen = Callable[[Any], bool]


class Case(NamedTuple):
    """Something that a value of a field may be."""

    text: str
    seen: Seen


def cases(roots: list[Model]) -> set[str]:
    """Every case of models and of all models inside them, as `Lease.state: ending`."""
    return {f"{model.__name__}.{name}: {case.text}" for model in _models(roots) for name, case in _fields(model)}


def reached(value: BaseModel) -> Iterator[str]:
    """The cases that a configuration and all parts of it are."""
    model = type(value)
    for name, case in _fields(model):
        given = getattr(value, name) if name in value.model_fields_set else None
        if case.seen(given):
            yield f"{model.__name__}.{name}: {case.text}"
    for name in model.model_fields:
        for part in _parts(getattr(value, name)):
            yield from reached(part)


def _parts(value: Any) -> Iterator[BaseModel]:
    if isinstance(value, BaseModel):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _parts(one)


def _models(roots: list[Model]) -> list[Model]:
    found = list[Model]()
    left = list(roots)
    while left:
        model = left.pop()
        if model not in found:
            found.append(model)
            left += [inner for about in model.model_fields.values() for inner in _inside(about.annotation)]
    return found


def _inside(annotation: Any) -> Iterator[Model]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _inside(inner)


def _fields(model: Model) -> Iterator[tuple[str, Case]]:
    for name, about in model.model_fields.items():
        for case in _of_field(about):
            yield name, case


def _of_field(about: FieldInfo) -> Iterator[Case]:
    """Cases of a field; they see None where it was not written."""
    if not about.is_required():
        yield Case("left out", lambda value: value is None)
        yield Case("given", lambda value: value is not None)
    for case in _of_type(about.annotation, list(about.metadata)):
        yield Case(case.text, _unless_none(case.seen))


def _unless_none(seen: Seen) -> Seen:
    return lambda value: value is not None and seen(value)


def _of_type(annotation: Any, limits: list[Any]) -> Iterator[Case]:
    """Raises TypeError for a type that nobody has said the cases of."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _of_type(inner[0], [*limits, *_limits(inner[1:])])
    elif origin in (Union, types.UnionType):
        for one in inner:
            if one is not type(None):
                yield from _of_union(one, limits)
    elif origin is Literal:
        yield from (_equal(one) for one in inner)
    elif origin in (dict, list):
        yield from _of_collection(inner, limits)
    elif not isinstance(annotation, type):
        raise TypeError(f"say in {__name__} what cases {annotation} has")
    elif issubclass(annotation, Enum):
        yield from (_equal(one.value) for one in annotation)
    elif annotation is bool:
        yield from (_equal(one) for one in (True, False))
    elif annotation in (int, float):
        yield from _of_number(limits)
    elif issubclass(annotation, str):
        yield from _of_text(limits)
    elif not issubclass(annotation, (BaseModel, AnyUrl, *ENDLESS)):
        raise TypeError(f"say in {__name__} what cases {annotation} has")


def _of_union(one: Any, limits: list[Any]) -> Iterator[Case]:
    if isinstance(one, type) and issubclass(one, BaseModel):
        yield Case(one.__name__, lambda value: isinstance(value, one))
    else:
        yield from _of_type(one, limits)


def _limits(metadata: tuple[Any, ...]) -> list[Any]:
    return [limit for one in metadata for limit in (one.metadata if isinstance(one, FieldInfo) else [one])]


def _equal(one: Any) -> Case:
    return Case(str(one), lambda value: bool(value == one))


def _of_collection(inner: tuple[Any, ...], limits: list[Any]) -> Iterator[Case]:
    """How many there are, and each case of what is inside (of a mapping: of its keys as well)."""
    if not any(isinstance(limit, MinLen) and limit.min_length for limit in limits):
        yield Case("empty", lambda value: len(value) == 0)
    yield Case("one", lambda value: len(value) == 1)
    yield Case("several", lambda value: len(value) > 1)
    for part, one in zip(("keys", "entries")[-len(inner) :], inner, strict=True):
        for case in _of_type(one, []):
            yield Case(f"{part} {case.text}", _any_of(part, case.seen))


def _any_of(part: str, seen: Seen) -> Seen:
    def found(value: Any) -> bool:
        entries = value.values() if isinstance(value, dict) and part == "entries" else value
        return any(map(seen, entries))

    return found


def _of_number(limits: list[Any]) -> Iterator[Case]:
    least = [limit.ge for limit in limits if isinstance(limit, Ge)]
    most = [limit.le for limit in limits if isinstance(limit, Le)]
    yield from (Case(f"least, {one}", lambda value, one=one: value == one) for one in least)
    yield from (Case(f"most, {one}", lambda value, one=one: value == one) for one in most)
    yield Case("between", lambda value: value not in (*least, *most))


def _of_text(limits: list[Any]) -> Iterator[Case]:
    """The shortest and the longest text, where the model says how long it may be."""
    least = [limit.min_length for limit in limits if isinstance(limit, MinLen)]
    most = [limit.max_length for limit in limits if isinstance(limit, MaxLen)]
    if least:
        yield Case(f"{max(least)} characters", lambda value: len(value) == max(least))
    if most:
        yield Case(f"{min(most)} characters", lambda value: len(value) == min(most))
