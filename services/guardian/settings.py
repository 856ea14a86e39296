"""What the guardian is told by the files that are mounted for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from warmlane.base import Model
from warmlane.pacing.moments import UTC_DAY, check_day_length
from warmlane.validation import problems

SETTINGS = "guardian.json"
STORE_URL = "store_url"
WEBHOOK_TOKEN = "webhook_token"
TOKEN_LENGTH = 32
"""Characters that a webhook's token has at least."""


class SettingsError(Exception):
    """A mounted file is missing or can't be used."""


def _day_length(seconds: int) -> int:
    check_day_length(seconds)
    return seconds


class Settings(Model):
    """The guardian's configuration file, JSON."""

    prometheus: Annotated[str, Field(pattern=r"^https?://[^/]+$")]
    """Prometheus' URL, without a slash at the end."""
    kubernetes: Annotated[str, Field(pattern=r"^https?://[^/]+$")] = "https://kubernetes.default.svc"
    """The API server's URL, likewise."""
    day_length: Annotated[int, AfterValidator(_day_length)] = UTC_DAY
    """Seconds of a sending day."""
    dry_run: bool = False
    """Whether it decides and records, but holds nothing."""
    address: str = "0.0.0.0"
    """Where Alertmanager, Prometheus and the kubelet are listened for."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """0 picks a free one."""


def read_settings(directory: Path) -> Settings:
    """The settings in a directory. Raises SettingsError."""
    path = directory / SETTINGS
    try:
        return Settings.model_validate(json.loads(path.read_text()))
    except ValidationError as error:
        found = "; ".join(str(problem) for problem in problems(error, Settings))
    except (OSError, ValueError, RecursionError) as error:
        found = str(error)
    raise SettingsError(f"{path} can't be used: {found}")


def read_secret(directory: Path, name: str, length: int = 1) -> str:
    """What stands in a file of one line, at least `length` characters. Raises SettingsError."""
    path = directory / name
    try:
        text = path.read_text().strip()
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} can't be used: {error}") from error
    if len(text) < length:
        raise SettingsError(f"{path} has {len(text)} characters; at least {length} are needed")
    return text
