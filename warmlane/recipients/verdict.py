"""What is said about a recipient: kind, reason, and the words and codes for SMTP.

Reply codes are those of RFC 5321 4.2.3 and RFC 7505 4.1; enhanced status codes those of RFC 3463 and of the registry of
RFC 5248 (iana.org/assignments/smtp-enhanced-status-codes).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What to do with the recipient."""

    ACCEPT = "accept"
    DEFER = "defer"
    """The same address may pass later."""
    REJECT = "reject"
    """The same address never will."""


class Reason(StrEnum):
    """Why."""

    VALID = "valid"
    MALFORMED = "malformed"
    SUPPRESSED = "suppressed"
    DISPOSABLE = "disposable"
    OPERATIONS_ROLE = "operations-role"
    BUSINESS_ROLE = "business-role"
    LIKELY_TYPO = "likely-typo"
    POSSIBLE_TYPO = "possible-typo"
    NO_DOMAIN = "no-domain"
    NO_MAIL_HOST = "no-mail-host"
    NULL_MX = "null-mx"
    PARKED = "parked"
    DNS_UNKNOWN = "dns-unknown"
    SUPPRESSION_UNKNOWN = "suppression-unknown"


@dataclass(frozen=True)
class Answer:
    """What a receiving server says: `reply` and `status` as SMTP has them, `text` with `{domain}` to fill in."""

    reply: int
    status: str
    text: str


ACCEPTED = Answer(250, "2.1.5", "Recipient address is valid.")

REFUSALS: Mapping[Reason, Answer] = MappingProxyType(
    {
        Reason.MALFORMED: Answer(501, "5.1.3", "Not an e-mail address: {detail}"),
        Reason.SUPPRESSED: Answer(550, "5.7.1", "The recipient is suppressed: mail to this address was stopped."),
        Reason.DISPOSABLE: Answer(550, "5.7.1", "{domain} gives out disposable addresses."),
        Reason.OPERATIONS_ROLE: Answer(
            550, "5.7.1", "The address belongs to a role that runs mail or network, not to a person."
        ),
        Reason.BUSINESS_ROLE: Answer(550, "5.7.1", "The address belongs to a role, not to a person."),
        Reason.LIKELY_TYPO: Answer(550, "5.1.2", "{domain} looks like a slip of the keyboard."),
        Reason.POSSIBLE_TYPO: Answer(550, "5.1.2", "{domain} may be a slip of the keyboard."),
        Reason.NO_DOMAIN: Answer(550, "5.1.2", "{domain} does not exist in DNS."),
        Reason.NO_MAIL_HOST: Answer(550, "5.1.2", "{domain} has no host that takes mail: {detail}"),
        Reason.NULL_MX: Answer(556, "5.1.10", "{domain} takes no mail (null MX)."),
        Reason.PARKED: Answer(550, "5.1.2", "{domain} is parked: {detail}"),
    }
)
"""By reason, the answer that rejects."""

DEFERRALS: Mapping[Reason, Answer] = MappingProxyType(
    {
        Reason.DNS_UNKNOWN: Answer(451, "4.4.3", "DNS does not say whether {domain} takes mail: {detail}"),
        Reason.SUPPRESSION_UNKNOWN: Answer(451, "4.3.0", "The suppression list can't be asked at the moment."),
    }
)
"""By reason, the answer that defers."""

TEXT_LENGTH = 400
"""Characters of a text; a reply line has at most 512 octets (RFC 5321 4.5.3.1.5)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one address. An accepted one may still have a reason to look at it; `suggestion` is a domain."""

    kind: Kind
    reason: Reason
    reply: int
    status: str
    text: str
    suggestion: str = ""

    @property
    def smtp(self) -> str:
        """The reply line of a server, without the line's end."""
        return f"{self.reply} {self.status} {self.text}"


def accepted(reason: Reason = Reason.VALID, suggestion: str = "") -> Verdict:
    """The recipient may be mailed; another reason than VALID is a remark."""
    return Verdict(Kind.ACCEPT, reason, ACCEPTED.reply, ACCEPTED.status, ACCEPTED.text, suggestion)


def rejected(reason: Reason, domain: str = "", detail: str = "", suggestion: str = "") -> Verdict:
    """The recipient never may; `detail` is a sentence in ASCII."""
    return _verdict(Kind.REJECT, reason, REFUSALS[reason], domain, detail, suggestion)


def deferred(reason: Reason, domain: str = "", detail: str = "", suggestion: str = "") -> Verdict:
    """Nobody can say now; `detail` is a sentence in ASCII."""
    return _verdict(Kind.DEFER, reason, DEFERRALS[reason], domain, detail, suggestion)


def _verdict(kind: Kind, reason: Reason, answer: Answer, domain: str, detail: str, suggestion: str) -> Verdict:
    text = answer.text.format(domain=domain, detail=detail)
    if suggestion:
        text += f" Did you mean {suggestion}?"
    return Verdict(kind, reason, answer.reply, answer.status, printable(text), suggestion)


def printable(text: str) -> str:
    """The text as it may stand in a reply line: printable ASCII only, so that no address can end the line."""
    shown = "".join(char if " " <= char <= "~" else "?" for char in text)
    return shown if len(shown) <= TEXT_LENGTH else f"{shown[: TEXT_LENGTH - 3]}..."
