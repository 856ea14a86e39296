"""When a sender that is told to stop may stop."""

from __future__ import annotations

from collections.abc import Callable

MOVING = ("maildrop", "incoming", "active")
"""Queues whose mail is on its way. The rest waits for a token and can't be hurried."""


def finished(sizes: dict[str, int]) -> bool:
    """Whether nothing is on its way any more."""
    return all(sizes.get(queue, 0) == 0 for queue in MOVING)


def wait(
    sizes: Callable[[], dict[str, int]], clock: Callable[[], float], sleep: Callable[[float], None], grace: float
) -> bool:
    """Waits until nothing is on its way, `grace` seconds at most; tells whether that was reached.

    Between two queues a message is in neither count for a moment, so emptiness must be seen twice.
    """
    deadline = clock() + grace
    seen = 0
    while True:
        seen = seen + 1 if finished(sizes()) else 0
        if seen >= 2:
            return True
        if clock() >= deadline:
            return False
        sleep(0.5)
