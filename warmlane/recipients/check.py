"""A recipient's checks in order of their price: text, lists, suppression, DNS."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Protocol

from warmlane.recipients.address import MalformedAddress, Recipient, parse
from warmlane.recipients.disposable import is_disposable
from warmlane.recipients.hashing import KeyedHash
from warmlane.recipients.roles import role
from warmlane.recipients.route import Route, Taking
from warmlane.recipients.routes import MailRoutes
from warmlane.recipients.suppression import Suppressions, SuppressionUnavailable
from warmlane.recipients.typo import Suggestion, hosted_by_mailbox_provider, suggestion
from warmlane.recipients.verdict import Reason, Verdict, accepted, deferred, rejected

REFUSED: frozenset[Reason] = frozenset({Reason.DISPOSABLE, Reason.OPERATIONS_ROLE, Reason.LIKELY_TYPO, Reason.PARKED})
"""Reasons of judgement that reject unless a campaign says otherwise. Of the two others, business roles are customers
too, and a possible typo is more often a name."""


@dataclass(frozen=True, slots=True)
class Screened:
    """What the text alone tells: a final verdict, or the recipient with what is still to be said about it."""

    verdict: Verdict | None
    recipient: Recipient | None = None
    remark: Reason = Reason.VALID
    suggestion: Suggestion | None = None


def screened(text: str, refused: Set[Reason] = REFUSED) -> Screened:
    """The checks that ask nobody."""
    try:
        recipient = parse(text)
    except MalformedAddress as error:
        return Screened(rejected(Reason.MALFORMED, detail=str(error)))
    remark = role(recipient.local) or Reason.VALID
    if remark in refused:
        return Screened(rejected(remark))
    if is_disposable(recipient.domain):
        remark = Reason.DISPOSABLE
        if remark in refused:
            return Screened(rejected(remark, recipient.domain))
    return Screened(None, recipient, remark, suggestion(recipient.domain))


def concluded(found: Screened, route: Route | None, refused: Set[Reason] = REFUSED) -> Verdict:
    """The verdict, with the domain's route; None where DNS is not asked."""
    if found.verdict or not found.recipient:
        return found.verdict or rejected(Reason.MALFORMED, detail="The address is empty.")
    domain, meant = found.recipient.domain, found.suggestion.domain if found.suggestion else ""
    match route.taking if route else Taking.YES:
        case Taking.UNKNOWN:
            return deferred(Reason.DNS_UNKNOWN, domain, _why(route), meant)
        case Taking.NO_DOMAIN:
            return rejected(Reason.NO_DOMAIN, domain, suggestion=meant)
        case Taking.NO_HOST:
            return rejected(Reason.NO_MAIL_HOST, domain, _why(route), meant)
        case Taking.NULL_MX:
            return rejected(Reason.NULL_MX, domain, suggestion=meant)
        case Taking.PARKED:
            if Reason.PARKED in refused:
                return rejected(Reason.PARKED, domain, _why(route), meant)
            return accepted(Reason.PARKED, meant)
        case Taking.YES:
            return _judged(found, route, refused)


def _judged(found: Screened, route: Route | None, refused: Set[Reason]) -> Verdict:
    """The verdict on a recipient whose domain takes mail."""
    if found.suggestion and found.recipient:
        likely = found.suggestion.likely and not (route and hosted_by_mailbox_provider(route.exchanges))
        reason = Reason.LIKELY_TYPO if likely else Reason.POSSIBLE_TYPO
        if reason in refused:
            return rejected(reason, found.recipient.domain, suggestion=found.suggestion.domain)
        return accepted(reason, found.suggestion.domain)
    return accepted(found.remark)


def _why(route: Route | None) -> str:
    return route.why if route else ""


class Keys(Protocol):
    """What the suppression list is asked under: a `KeyRing`, or one that follows a file."""

    def readable(self, recipient: Recipient) -> tuple[KeyedHash, ...]:
        """Every hash under which a recipient may be stored. Raises SuppressionUnavailable."""


@dataclass(frozen=True)
class Checker:
    """All checks of one recipient, as the gate and the list check make them."""

    routes: MailRoutes
    keys: Keys
    suppressions: Suppressions
    refused: frozenset[Reason] = REFUSED

    async def check(self, text: str) -> Verdict:
        """The verdict on an address. Never raises for what the address holds."""
        return await self.ask(self.screen(text))

    def screen(self, text: str) -> Screened:
        """The checks that ask nobody; with a verdict, nothing else needs to be asked."""
        return screened(text, self.refused)

    async def ask(self, found: Screened) -> Verdict:
        """The checks that ask the suppression list and DNS."""
        if found.verdict or not found.recipient:
            return concluded(found, None, self.refused)
        try:
            if await self.suppressions.holds(self.keys.readable(found.recipient)):
                return rejected(Reason.SUPPRESSED)
        except SuppressionUnavailable:
            return deferred(Reason.SUPPRESSION_UNKNOWN)
        return concluded(found, await self.routes.route(found.recipient.domain), self.refused)
