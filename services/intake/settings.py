"""What the intake is told: its domains, and how much it takes at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from warmlane.base import Domain, Model
from warmlane.returns.token import TokenKeys, parse_keys
from warmlane.validation import problems


class SettingsError(Exception):
    """A mounted file is missing or can't be used."""


class Limits(Model):
    """How much the intake takes. Beyond each of these the other side is told to come back: nothing is lost by it."""

    connections: Annotated[int, Field(ge=1)] = 100
    """Open at once; each holds at most `stored_octets` in memory."""
    connections_of_source: Annotated[int, Field(ge=1)] = 20
    """Open at once from one address."""
    messages_of_source: Annotated[int, Field(ge=1)] = 1_000
    """Messages in a minute from one address. Behind a load balancer that hides addresses this is for all together."""
    message_octets: Annotated[int, Field(ge=1)] = 25 * 1024 * 1024
    """A larger message is refused for good: the only limit of which that is true."""
    stored_octets: Annotated[int, Field(ge=1)] = 512 * 1024
    """What is kept of a message; the rest of it is the returned mail's."""
    spool_octets: Annotated[int, Field(ge=1)] = 1024**3
    """What the spool may hold. Mail for people gets no more than half of it, so that it can't keep reports out."""


class Settings(Model):
    """The intake's configuration file, JSON."""

    hostname: Domain
    """The name in the greeting."""
    domains: Annotated[tuple[Domain, ...], Field(min_length=1)]
    """Domains of return paths: those of ended campaigns, too."""
    address: str = "0.0.0.0"
    """Where mail and scrapes are listened for."""
    port: Annotated[int, Field(ge=0, le=65535)] = 2525
    """Above 1024, so that it needs no right; a Service's port is 25. 0 picks a free one."""
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 9100
    limits: Limits = Limits()


def parse_settings(text: str) -> Settings:
    """The settings in a file. Raises SettingsError."""
    try:
        return Settings.model_validate(json.loads(text))
    except ValidationError as error:
        found = "; ".join(str(problem) for problem in problems(error, Settings))
    except (ValueError, RecursionError) as error:
        found = f"it is not JSON: {error}"
    raise SettingsError(f"the intake's configuration can't be used: {found}")


class KeysUnavailable(Exception):
    """The token keys can't be read now; whoever asks defers."""


class MountedKeys:
    """The token keys in a mounted file, read again when it changes, so that a rotation needs no restart."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[int, int] | None = None
        self._keys: TokenKeys | None = None

    def __call__(self) -> TokenKeys:
        """The keys as they are now. Raises KeysUnavailable, also when earlier ones could be read."""
        try:
            found = self._path.stat()
            state = (found.st_mtime_ns, found.st_ino)
            if self._keys is None or state != self._read:
                self._keys = None
                self._keys, self._read = parse_keys(self._path.read_text()), state
        except (OSError, ValueError) as error:
            raise KeysUnavailable(f"{self._path} can't be used: {error}") from error
        return self._keys


Keys = Callable[[], TokenKeys]
"""Gives the keys as they are now. Raises KeysUnavailable."""
