"""What a receiver's answer means: its class, by the table `replies.yaml`, which says where each rule comes from."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated

import yaml
from pydantic import AfterValidator, Field

from warmlane.base import Model
from warmlane.providers import PROVIDERS

LOOKED_AT = 500
"""Characters of an answer that are looked at: an SMTP reply line has at most 512 octets (RFC 5321, 4.5.3.1.5)."""


class ReplyClass(StrEnum):
    """Why a message was not taken. The classes are those that mail software commonly tells apart."""

    INVALID_RECIPIENT = "invalid-recipient"
    BAD_DOMAIN = "bad-domain"
    INACTIVE_MAILBOX = "inactive-mailbox"
    INVALID_SENDER = "invalid-sender"
    QUOTA = "quota"
    NO_ANSWER = "no-answer"
    BAD_CONNECTION = "bad-connection"
    DNS_FAILURE = "dns-failure"
    ROUTING = "routing"
    TRANSIENT = "transient"
    EXPIRED = "expired"
    PROTOCOL = "protocol"
    AUTHENTICATION = "authentication"
    POLICY = "policy"
    RATE_LIMITED = "rate-limited"
    SPAM = "spam"
    UNKNOWN = "unknown"
    """No rule knows the answer; a figure that grows says that the table needs a rule."""


RECIPIENT_GONE = frozenset({ReplyClass.INVALID_RECIPIENT, ReplyClass.BAD_DOMAIN, ReplyClass.INACTIVE_MAILBOX})
"""Classes after which, when the failure is permanent, the recipient must not be mailed again."""


def _compiles(text: str) -> str:
    re.compile(text)
    return text


def _known(providers: dict[str, tuple[Rule, ...]]) -> dict[str, tuple[Rule, ...]]:
    wrong = sorted(set(providers) - set(PROVIDERS))
    if wrong:
        raise ValueError(f"{', '.join(wrong)}: no mailbox provider; allowed are {', '.join(PROVIDERS)}")
    return providers


class Rule(Model):
    """Words that tell a class, and what else must be true of the reply."""

    says: Annotated[str, AfterValidator(_compiles)]
    class_: ReplyClass = Field(alias="class")
    code: int | None = None
    status: str | None = Field(default=None, pattern=r"^\d{1,3}\.\d{1,3}$")


class Table(Model):
    """`replies.yaml`."""

    providers: Annotated[dict[str, tuple[Rule, ...]], AfterValidator(_known)]
    any: tuple[Rule, ...]
    status: dict[str, ReplyClass]


@cache
def table() -> Table:
    """The table, read once."""
    return Table.model_validate(yaml.safe_load((files(__package__) / "replies.yaml").read_text()))


def classify(provider: str, code: int | None, status: str | None, text: str) -> ReplyClass:
    """The class of a provider's reply: its code such as 550, its enhanced status such as `5.1.1`, and its text.

    What no rule knows is UNKNOWN, whatever its code: a wrong guess would suppress a recipient, or excuse a sender.
    """
    said = text[:LOOKED_AT].lower()
    detail = status.partition(".")[2] if status else None
    for rule in (*table().providers.get(provider, ()), *table().any):
        fits = rule.code in (None, code) and rule.status in (None, detail)
        if fits and re.search(rule.says, said):
            return rule.class_
    return table().status.get(detail or "", ReplyClass.UNKNOWN)
