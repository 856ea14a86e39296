"""Sets that are compared exactly, without sampling: ranges of integers, values of a label, and boxes of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LAST = 2**129
"""Above every number that a range is made of: ports and the positions of addresses."""


@dataclass(frozen=True)
class Ranges:
    """Integers, as ranges (first, last) that are sorted and apart. Make them with `ranges`."""

    parts: tuple[tuple[int, int], ...]

    def __bool__(self) -> bool:
        return bool(self.parts)

    def __contains__(self, number: int) -> bool:
        return any(first <= number <= last for first, last in self.parts)

    def __and__(self, other: Ranges) -> Ranges:
        return ranges(
            (max(first, start), min(last, end))
            for first, last in self.parts
            for start, end in other.parts
            if max(first, start) <= min(last, end)
        )

    def __sub__(self, other: Ranges) -> Ranges:
        return self & other.rest()

    def rest(self) -> Ranges:
        """All integers from 0 to LAST that are not in it."""
        starts = [0, *(last + 1 for _, last in self.parts)]
        ends = [*(first - 1 for first, _ in self.parts), LAST]
        return ranges((start, end) for start, end in zip(starts, ends, strict=True) if start <= end)

    def everything(self) -> Ranges:
        """The set that such a dimension has where nothing limits it."""
        return Ranges(((0, LAST),))


def ranges(pairs: Iterable[tuple[int, int]]) -> Ranges:
    """The union of ranges (first, last), both included."""
    parts = list[tuple[int, int]]()
    for first, last in sorted(pairs):
        if parts and first <= parts[-1][1] + 1:
            parts[-1] = (parts[-1][0], max(last, parts[-1][1]))
        else:
            parts.append((first, last))
    return Ranges(tuple(parts))


@dataclass(frozen=True)
class Values:
    """Values of one label: those that are listed, or all but those. None stands for a label that is not there."""

    listed: frozenset[str | None]
    all_but: bool = False

    def __bool__(self) -> bool:
        return self.all_but or bool(self.listed)

    def __contains__(self, value: str | None) -> bool:
        return (value in self.listed) != self.all_but

    def __and__(self, other: Values) -> Values:
        if self.all_but and other.all_but:
            return Values(self.listed | other.listed, True)
        if self.all_but:
            return Values(other.listed - self.listed)
        return Values(self.listed - other.listed if other.all_but else self.listed & other.listed)

    def __sub__(self, other: Values) -> Values:
        return self & Values(other.listed, not other.all_but)

    def everything(self) -> Values:
        """The set that such a dimension has where nothing limits it."""
        return Values(frozenset(), True)


def only(*values: str | None) -> Values:
    """These values and no other."""
    return Values(frozenset(values))


Box = Mapping[str, Ranges | Values]
"""By dimension, what is in it; a dimension that is missing is not limited. An empty dimension empties the box."""


def empty(box: Box) -> bool:
    """Whether nothing is in the box."""
    return not all(box.values())


def without(box: Box, other: Box) -> list[Box]:
    """What a box holds beyond another, as boxes that share nothing."""
    rest, pieces = dict(box), list[Box]()
    for dimension, limit in other.items():
        own = rest.get(dimension, limit.everything())
        outside, inside = own - limit, own & limit  # type: ignore[operator]
        if not inside:
            return [box]
        if outside:
            pieces.append({**rest, dimension: outside})
        rest[dimension] = inside
    return pieces


def beyond(box: Box, listed: Iterable[Box]) -> list[Box]:
    """What a box holds beyond the union of others; empty exactly when it lies inside that union."""
    pieces = [] if empty(box) else [box]
    for other in listed:
        pieces = [piece for whole in pieces for piece in without(whole, other)]
    return pieces
