"""Secrets of a deployment: from stack config, or from the lab's ignored file. Always secret Outputs."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pulumi

from components.committed import REPOSITORY
from warmlane.environment import Environment
from warmlane.errors import ConfigError, Problem


def submission_password(environment: Environment, campaign: str, repository: Path = REPOSITORY) -> pulumi.Output[str]:
    """The password with which a campaign's producers submit.

    Raises ConfigError when `secrets_file` lacks it, and Pulumi's error for missing config where there is no such file.
    """
    if environment.secrets_file is None:
        return pulumi.Config("warmlane").require_secret("submission_password")
    return _from_file(repository, str(environment.secrets_file), ("submission", campaign))


def grafana_admin_password(environment: Environment, repository: Path = REPOSITORY) -> pulumi.Output[str]:
    """The password of Grafana's `admin`. Raises as `submission_password` does."""
    if environment.secrets_file is None:
        return pulumi.Config("warmlane").require_secret("grafana_admin_password")
    return _from_file(repository, str(environment.secrets_file), ("grafana_admin",))


def store_superuser_password(environment: Environment, repository: Path = REPOSITORY) -> pulumi.Output[str]:
    """The password of the store's superuser. Raises as `submission_password` does."""
    if environment.secrets_file is None:
        return pulumi.Config("warmlane").require_secret("store_superuser_password")
    return _from_file(repository, str(environment.secrets_file), ("store_superuser",))


def store_key(environment: Environment, repository: Path = REPOSITORY) -> pulumi.Output[str]:
    """The key that campaigns' passwords for the store and the hashes of recipients come from. Raises likewise."""
    if environment.secrets_file is None:
        return pulumi.Config("warmlane").require_secret("store_key")
    return _from_file(repository, str(environment.secrets_file), ("store_key",))


def encoded(value: str) -> str:
    """A value as a Secret's `data` holds it."""
    return base64.b64encode(value.encode()).decode()


def _from_file(repository: Path, file: str, path: tuple[str, ...]) -> pulumi.Output[str]:
    advice = "`make up` writes it"
    try:
        value: Any = json.loads((repository / file).read_text())
    except (FileNotFoundError, ValueError):
        raise ConfigError(file, [Problem("", "", advice)]) from None
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, str) or not value:
        raise ConfigError(file, [Problem(".".join(path), "", advice)])
    return pulumi.Output.secret(value)
