"""How the simulated mailbox providers behave: the model of a scenario file, and its reading.

Codes and figures of the replies: `docs/lab-receivers.md` names their sources.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, Field, ValidationError

from lab import settings
from warmlane.base import Model
from warmlane.errors import ConfigError, Problem
from warmlane.pacing.moments import UTC_DAY, check_day_length
from warmlane.validation import problems, show

DIRECTORY = Path(__file__).parent / "scenarios"
DEFAULT = "default"
"""The name of the scenario in which every provider takes everything."""

_REPLY = re.compile(r"([45])\d\d ([45])\.\d{1,3}\.\d{1,3} [ -~]+")


def _reply(text: str) -> str:
    match = _REPLY.fullmatch(text)
    if match is None or match[1] != match[2]:
        raise ValueError(
            "it must be one line of ASCII: an SMTP code, an enhanced code of the same class (4 or 5) and a text, such "
            "as 451 4.7.1 Try again later"
        )
    return text


def _greeting(text: str) -> str:
    if not text.startswith("421 "):
        raise ValueError("it must begin with 421, for only that ends a session that has just begun")
    return text


def _day_length(seconds: int) -> int:
    check_day_length(seconds)
    return seconds


Reply = Annotated[str, AfterValidator(_reply)]
"""A refusal. After one that begins with 421 the connection is closed (RFC 5321, 3.8); `{source}` stands for the
client's address."""
Greeting = Annotated[Reply, AfterValidator(_greeting)]
"""A refusal in place of the greeting."""
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
LocalParts = Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]
"""Shell patterns (`*`, `?`, `[abc]`) for what stands before the @, without regard to case."""


class Caps(Model):
    """The most messages that are taken from one address. Hours and days begin at 00:00 UTC, as the sender's do."""

    hour: Count | None = Field(default=None, description="Messages taken in an hour; absent for as many as come.")
    day: Count | None = Field(default=None, description="Messages taken in a day; absent for as many as come.")
    reply: Reply = Field(
        default="421 4.7.28 Unusual rate of mail from {source}, try again later",
        description="The answer to the end of DATA above a cap.",
    )


class Sessions(Model):
    """The most sessions that one address may have open at a time."""

    most: Count = Field(description="Sessions open at a time.")
    reply: Greeting = Field(
        default="421 4.7.0 Too many connections from {source}, try again later",
        description="The greeting of a session above that.",
    )


class Greylisting(Model):
    """A first attempt by source address, envelope sender and recipient is put off."""

    seconds: Seconds = Field(description="Seconds from the first attempt to the first that is taken.")
    reply: Reply = Field(default="451 4.7.1 Greylisted, try again later", description="The answer to RCPT until then.")


class UnknownUsers(Model):
    """Mailboxes that do not exist."""

    local_parts: LocalParts = Field(description="Patterns of their local parts.")
    reply: Reply = Field(default="550 5.1.1 No such user here", description="The answer to RCPT.")


class FullMailboxes(Model):
    """Mailboxes over their quota."""

    local_parts: LocalParts = Field(description="Patterns of their local parts.")
    reply: Reply = Field(default="452 4.2.2 The mailbox is full", description="The answer to RCPT; or 552 5.2.2.")


class Authentication(Model):
    """A message needs a DKIM-Signature whose domain is aligned with the From header's. It is not verified."""

    reply: Reply = Field(
        default="550 5.7.515 The sending domain does not meet the required authentication level",
        description="The answer to the end of DATA.",
    )


class Outage(Model):
    """A time without service, counted from the moment at which the scenario was taken up."""

    begins: Seconds = Field(description="Seconds until it begins.")
    seconds: Seconds = Field(description="How long it lasts.")
    kind: Literal["refuse", "busy"] = Field(
        description="refuse: no listener, and open sessions break off. busy: every greeting is a refusal."
    )
    reply: Greeting = Field(default="421 4.3.2 Not accepting mail now", description="The greeting of kind busy.")


class StartTls(Model):
    """STARTTLS is offered. Keys are made when the receivers start."""

    certificate: Literal["valid", "expired", "self_signed", "wrong_name"] = Field(
        description="valid is issued by the lab's authority for the MX' name; the others are wrong in that one way."
    )


class DropAfterData(Model):
    """A message is taken, and the connection is dropped before the reply: the sender will send it again."""

    every: Count = Field(description="Of the messages taken, every how manieth: 1 for all, 10 for one of ten.")


class Behaviour(Model):
    """How one provider behaves. What is absent does not happen; a provider without any of it takes everything."""

    caps: Caps | None = Field(default=None, description="Caps on messages by hour and day.")
    sessions: Sessions | None = Field(default=None, description="A cap on sessions at a time.")
    greylisting: Greylisting | None = Field(default=None, description="Greylisting.")
    unknown_users: UnknownUsers | None = Field(default=None, description="Mailboxes that do not exist.")
    full_mailboxes: FullMailboxes | None = Field(default=None, description="Mailboxes over their quota.")
    authentication: Authentication | None = Field(default=None, description="Refusal of unsigned mail.")
    tarpit: Seconds = Field(default=0, description="Seconds of delay before each reply.")
    outages: list[Outage] = Field(default_factory=list, description="Times without service.")
    starttls: StartTls | None = Field(default=None, description="STARTTLS; absent where it is not offered.")
    drop_after_data: DropAfterData | None = Field(default=None, description="Connections dropped after DATA.")


_ACCEPTING = Behaviour()


class Providers(Model):
    """The providers by name; those that are absent take everything."""

    alder: Behaviour = Field(default=_ACCEPTING, description="alder-mail.test.")
    beech: Behaviour = Field(default=_ACCEPTING, description="beech-mail.test.")
    gmail: Behaviour = Field(default=_ACCEPTING, description="d000.gmail.test to d199.gmail.test.")
    microsoft: Behaviour = Field(default=_ACCEPTING, description="d000.microsoft.test to d199.microsoft.test.")
    yahoo: Behaviour = Field(default=_ACCEPTING, description="d000.yahoo.test to d199.yahoo.test.")

    def of(self, name: str) -> Behaviour:
        """The behaviour of a provider of `settings.PROVIDERS`."""
        behaviour: Behaviour = getattr(self, name)
        return behaviour


class Scenario(Model):
    """A scenario file."""

    day_length: Annotated[int, AfterValidator(_day_length)] = Field(
        default=UTC_DAY, description="Seconds of a day, for the caps: that of the senders. An hour is a 24th of it."
    )
    providers: Providers = Field(default_factory=Providers, description="The providers by name.")


def parse(text: str, file: str) -> Scenario:
    """The scenario in a file's text; `file` is its name in errors. Raises ConfigError with every problem."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        problem = Problem("", "(not valid YAML)", " ".join(str(error).split()))
        raise ConfigError(file, [problem]) from None
    try:
        return Scenario.model_validate({} if document is None else document)
    except ValidationError as error:
        raise ConfigError(file, problems(error, Scenario)) from None


def names() -> list[str]:
    """The scenarios that come with the lab."""
    return sorted(path.stem for path in DIRECTORY.glob("*.yaml"))


def described() -> dict[str, str]:
    """What each scenario that comes with the lab is, by its name: the comment in its first line."""
    return {name: find(name).read_text().partition("\n")[0].removeprefix("# ") for name in names()}


def find(name_or_path: str) -> Path:
    """The file of a scenario, given as one of `names()` or as a path. Raises ConfigError when there is none."""
    named = DIRECTORY / f"{name_or_path}.yaml"
    path = named if name_or_path in names() else Path(name_or_path)
    if not path.is_file():
        text = f"it must be a file, or one of {', '.join(names())}"
        raise ConfigError(name_or_path, [Problem("scenario", show(name_or_path), text)])
    return path


def load(path: Path) -> Scenario:
    """The scenario of a file. Raises ConfigError with every problem."""
    return parse(path.read_text(), str(path))


def current(path: Path = settings.SCENARIO) -> Scenario:
    """The scenario of the running lab: the default one where no other was chosen. Raises ConfigError."""
    return load(path if path.exists() else DIRECTORY / f"{DEFAULT}.yaml")
