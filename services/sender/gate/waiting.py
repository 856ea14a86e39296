"""Mail that waits for its turn: an index of `hold` and `deferred` by provider, the oldest first."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from services.sender.gate.backoff import Tried, tried
from services.sender.gate.spool import Envelope, QueueFile, QueueFileError, Spool
from warmlane.recipients.address import DOMAINS_REMEMBERED, MalformedAddress, parse

QUEUES = ("hold", "deferred")
READ_AT_ONCE = 500
"""Envelopes that are read before the mail log is looked at again."""
LOOKED_EVERY = 2.0
"""Seconds between two looks into folders whose times have not changed: those are no finer than a few milliseconds."""
STATES = ("untried", "tried")
"""What waits for its first try, and what was tried before."""
UNROUTED = "unknown"
"""In counts: mail whose provider DNS has not told yet."""

Heap = list[tuple[float, str]]


@dataclass
class Message:
    """A message that waits."""

    file: QueueFile
    recipient: str
    arrived: float
    """Seconds since 1970 UTC."""
    tried: Tried
    """What was tried, for its next try and its age."""
    provider: str | None = None

    @property
    def domain(self) -> str:
        """The recipient's domain: IDNA, lower case, as DNS and the checks know it."""
        return _domain(self.recipient.rpartition("@")[2].lower())


@lru_cache(maxsize=DOMAINS_REMEMBERED)
def _domain(written: str) -> str:
    # Postfix keeps an internationalised domain as the producer wrote it.
    if written.isascii():
        return written
    try:
        return parse(f"x@{written}").domain
    except MalformedAddress:
        return written


class Waiting:
    """The index. `provider` tells a domain's, or None while it is not known; times are seconds since 1970 UTC."""

    def __init__(self, spool: Spool, provider: Callable[[str], str | None]) -> None:
        self._spool, self._provider = spool, provider
        self._messages: dict[str, Message] = {}
        self._ready: dict[str, Heap] = {}
        self._later: Heap = []
        self._unrouted: dict[str, list[str]] = {}
        self._states: tuple[object, ...] = ()
        self._looked = 0.0
        self._back: dict[str, Tried] = {}
        self.unreadable: set[str] = set()
        """Queue ids of files that can't be understood or don't have one recipient; they stay where they are."""

    def __contains__(self, queue_id: object) -> bool:
        return queue_id in self._messages

    def __iter__(self) -> Iterator[Message]:
        return iter(list(self._messages.values()))

    def comes_back(self, queue_id: str, tried: Tried) -> None:
        """A message was tried and will be found in `deferred`; `tried` is what its stamp shall say."""
        self._back[queue_id] = tried

    def refresh(self, now: float, under_way: Callable[[str], bool]) -> None:
        """Takes in what came and drops what went; files that are under way are none of its business."""
        states = tuple(self._spool.state(queue) for queue in QUEUES)
        if states != self._states or self._back or not 0 <= now - self._looked < LOOKED_EVERY:
            self._look(states, now, under_way)
        self._route(now)

    def _look(self, states: tuple[object, ...], now: float, under_way: Callable[[str], bool]) -> None:
        self._looked = now
        paths: dict[str, str] = {}
        for queue in QUEUES:
            paths |= self._spool.paths(queue)
        for queue_id in [each for each in self._messages if each not in paths]:
            del self._messages[queue_id]
        self.unreadable &= paths.keys()
        new = [path for queue_id, path in paths.items() if self._is_new(queue_id, path) and not under_way(queue_id)]
        complete = [self._take_in(path, now) for path in new[:READ_AT_ONCE]]
        # What came back and is gone was removed by somebody else.
        self._back = {queue_id: tried for queue_id, tried in self._back.items() if queue_id in paths}
        if all(complete) and len(new) <= READ_AT_ONCE:
            self._states = states

    def next(self, provider: str, now: float) -> Message | None:
        """The oldest message for a provider whose time has come. It stays in the index."""
        ready = self._ready.get(provider, [])
        while ready:
            message = self._messages.get(ready[0][1])
            if message is not None and message.provider == provider:
                known = self._provider(message.domain)
                if known == provider:
                    return message
                message.provider = None
                self._unrouted.setdefault(message.domain, []).append(message.file.queue_id)
            heapq.heappop(ready)
        return None

    def postpone(self, message: Message, due: float) -> None:
        """Puts a message off, so that the ones behind it have their turn."""
        message.provider = None
        heapq.heappush(self._later, (due, message.file.queue_id))

    def remove(self, message: Message) -> None:
        """A message that no longer waits."""
        self._messages.pop(message.file.queue_id, None)

    def counts(self) -> dict[str, int]:
        """Messages by provider."""
        counts: dict[str, int] = {}
        for message in self._messages.values():
            name = self._provider(message.domain) or UNROUTED
            counts[name] = counts.get(name, 0) + 1
        return counts

    def oldest(self, now: float) -> dict[str, float]:
        """By state, seconds since the oldest message arrived; 0 where there is none."""
        ages = dict.fromkeys(STATES, 0.0)
        for message in self._messages.values():
            state = STATES[message.tried.first > 0]
            ages[state] = max(ages[state], now - message.arrived)
        return ages

    def _is_new(self, queue_id: str, path: str) -> bool:
        known = self._messages.get(queue_id)
        return queue_id not in self.unreadable and (known is None or known.file.path != path)

    def _take_in(self, path: str, now: float) -> bool:
        """Whether the file is settled; one that is not complete yet is looked at again."""
        file = self._spool.file(path)
        if file is None:
            return False
        try:
            envelope = self._spool.envelope(file)
        except (QueueFileError, OSError):
            self.unreadable.add(file.queue_id)
            return True
        if envelope is None:
            return False
        if not envelope.sender or not envelope.recipients:
            # A notice of Postfix' own, or a message whose only recipient has it: nothing is left to deliver.
            self._spool.delete(file)
        elif len(envelope.recipients) != 1:
            self.unreadable.add(file.queue_id)
        else:
            self._index(file, envelope, now)
        return True

    def _index(self, file: QueueFile, envelope: Envelope, now: float) -> None:
        state = self._back.pop(file.queue_id, None)
        if state is not None:
            stamped = self._stamped(file, state, now)
            if stamped is None:
                return
            file = stamped
        else:
            state = tried(file.modified, now)
        self._messages[file.queue_id] = Message(file, envelope.recipients[0], envelope.arrived, state)
        heapq.heappush(self._later, (state.due, file.queue_id))

    def _stamped(self, file: QueueFile, state: Tried, now: float) -> QueueFile | None:
        stamp = state.stamp(now)
        if state.times:
            return self._spool.stamp(file, stamp)
        # No receiver was reached, so its next try may be soon. In `deferred` a file without a stamp in the future is
        # tried by qmgr itself when it is reloaded (seen).
        return self._spool.move(file, "hold", stamp)

    def _route(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            queue_id = heapq.heappop(self._later)[1]
            message = self._messages.get(queue_id)
            if message is not None and message.provider is None:
                self._unrouted.setdefault(message.domain, []).append(queue_id)
        for domain in list(self._unrouted):
            provider = self._provider(domain)
            if provider is None:
                continue
            for queue_id in self._unrouted.pop(domain):
                message = self._messages.get(queue_id)
                if message is not None and message.provider is None:
                    message.provider = provider
                    heapq.heappush(self._ready.setdefault(provider, []), (message.arrived, queue_id))
