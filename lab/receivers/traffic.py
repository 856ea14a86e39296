"""What a provider answers: its scenario applied to what it has seen. Time is an argument; nothing here does I/O."""

from __future__ import annotations

import re
from collections import Counter
from email.message import Message
from email.utils import parseaddr
from fnmatch import translate

from lab.receivers.scenario import Behaviour, Outage
from warmlane.pacing.moments import moment

NO_RELAY = "550 5.7.1 No relaying here"
_WHOLE_DAY = 0
"""In place of an hour, which are counted from 1."""
_SIGNING_DOMAIN = re.compile(r"(?:^|;)\s*d\s*=\s*([^\s;]+)")


class Traffic:
    """One provider under one scenario, from the moment at which it was taken up.

    `domains` are the provider's, `day_length` is in seconds, `began` and every `now` in seconds since the epoch.
    """

    def __init__(self, behaviour: Behaviour, domains: tuple[str, ...], day_length: int, began: float) -> None:
        self.behaviour = behaviour
        self._domains = frozenset(domains)
        self._day_length = day_length
        self._began = began
        self._taken = Counter[tuple[str, int, int]]()
        self._dropping = 0
        self._first_seen = dict[tuple[str, str, str], float]()
        self._unknown = _patterns(behaviour.unknown_users.local_parts if behaviour.unknown_users else [])
        self._full = _patterns(behaviour.full_mailboxes.local_parts if behaviour.full_mailboxes else [])

    def listens(self, now: float) -> bool:
        """Whether connections are accepted at all."""
        outage = self._outage(now)
        return outage is None or outage.kind == "busy"

    def greeting(self, source: str, sessions: int, now: float) -> str | None:
        """The refusal of a new session; `sessions` are those that `source` has open besides it."""
        outage, limit = self._outage(now), self.behaviour.sessions
        if outage is not None:
            return _filled(outage.reply, source)
        if limit is not None and sessions >= limit.most:
            return _filled(limit.reply, source)
        return None

    def recipient(self, source: str, sender: str, address: str, now: float) -> str | None:
        """The refusal of a recipient: relaying, an unknown user, a full mailbox, or a first attempt."""
        local_part, _, domain = address.rpartition("@")
        if domain.lower() not in self._domains:
            return NO_RELAY
        rules = self.behaviour
        if rules.unknown_users is not None and self._unknown.fullmatch(local_part.lower()):
            return _filled(rules.unknown_users.reply, source)
        if rules.full_mailboxes is not None and self._full.fullmatch(local_part.lower()):
            return _filled(rules.full_mailboxes.reply, source)
        if rules.greylisting is not None:
            first = self._first_seen.setdefault((source, sender.lower(), address.lower()), now)
            if now < first + rules.greylisting.seconds:
                return _filled(rules.greylisting.reply, source)
        return None

    def message(self, source: str, headers: Message, now: float) -> str | None:
        """The refusal of a whole message; one that is not refused counts against the caps from here on."""
        rules = self.behaviour
        if rules.authentication is not None and not signed_by_its_author(headers):
            return _filled(rules.authentication.reply, source)
        if rules.caps is None:
            return None
        when = moment(now, self._day_length)
        limits = {(source, when.day, when.hour): rules.caps.hour, (source, when.day, _WHOLE_DAY): rules.caps.day}
        windows = {window: most for window, most in limits.items() if most is not None}
        if any(self._taken[window] >= most for window, most in windows.items()):
            return _filled(rules.caps.reply, source)
        self._taken.update(windows.keys())
        return None

    def drops(self) -> bool:
        """Whether the connection of the message that was just taken is dropped before the reply."""
        rule = self.behaviour.drop_after_data
        if rule is None:
            return False
        self._dropping = (self._dropping + 1) % rule.every
        return self._dropping == 0

    def _outage(self, now: float) -> Outage | None:
        since = now - self._began
        return next((one for one in self.behaviour.outages if one.begins <= since < one.begins + one.seconds), None)


def signed_by_its_author(headers: Message) -> bool:
    """Whether a DKIM-Signature stands in the message whose domain is aligned with the From header's domain.

    Relaxed alignment (RFC 7489, 3.1) without a public suffix list: one domain is the other, or lies below it.
    """
    author = parseaddr(str(headers.get("From", "")))[1].rpartition("@")[2].lower()
    found = (_SIGNING_DOMAIN.search(str(value)) for value in headers.get_all("DKIM-Signature", []))
    return bool(author) and any(_aligned(author, match[1].lower()) for match in found if match)


def _aligned(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _patterns(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(translate(pattern.lower()) for pattern in patterns))


def _filled(reply: str, source: str) -> str:
    return reply.replace("{source}", source)
