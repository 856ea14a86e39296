"""A bounded cache whose entries end with their time to live; a key that many ask for is made once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

V = TypeVar("V")


class TtlCache(Generic[V]):
    """At most `size` values; the one that was not asked for longest makes room. `clock` gives monotonic seconds."""

    def __init__(self, size: int, clock: Callable[[], float]) -> None:
        if size < 1:
            raise ValueError(f"a cache of {size} values holds nothing: at least 1 is needed")
        self._size, self._clock = size, clock
        self._values = OrderedDict[str, tuple[float, V]]()
        self._under_way = dict[str, asyncio.Task[V]]()

    def __len__(self) -> int:
        return len(self._values)

    def known(self, key: str) -> V | None:
        """The value, if there is one that still holds."""
        entry = self._values.get(key)
        if entry is None:
            return None
        if entry[0] <= self._clock():
            del self._values[key]
            return None
        self._values.move_to_end(key)
        return entry[1]

    async def get(self, key: str, make: Callable[[], Awaitable[tuple[V, float]]]) -> V:
        """The value, made when there is none; `make` gives it with the seconds for which it holds."""
        value = self.known(key)
        if value is not None:
            return value
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._made(key, make))
            self._under_way[key] = task
        # Shielded, as others wait for the same value when one of them is cancelled.
        return await asyncio.shield(task)

    async def _made(self, key: str, make: Callable[[], Awaitable[tuple[V, float]]]) -> V:
        try:
            value, ttl = await make()
        finally:
            del self._under_way[key]
        if ttl > 0:
            self._values[key] = (self._clock() + ttl, value)
            self._values.move_to_end(key)
            if len(self._values) > self._size:
                self._values.popitem(last=False)
        return value
