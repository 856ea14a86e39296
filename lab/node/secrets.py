"""The lab's secrets: random, in a file of the clone that git ignores and only its owner may read."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lab import settings
from lab.node.pki import write_private

SERVICES = ("grafana_admin", "store_superuser", "store_key")
_STACK_FILE = re.compile(r"^Pulumi\.(?P<campaign>[^.]+)\.dev\.yaml$")


def campaigns(directory: Path) -> list[str]:
    """Ids of the campaigns that have a stack file for the lab's environment."""
    matches = (_STACK_FILE.match(path.name) for path in sorted(directory.glob("Pulumi.*.yaml")))
    return [match["campaign"] for match in matches if match]


def completed(document: dict[str, Any], ids: Iterable[str]) -> dict[str, Any]:
    """`document` with a password for each campaign and a secret for each service; what it holds already stays."""
    submission = dict(document.get("submission", {}))
    for campaign in ids:
        submission.setdefault(campaign, secrets.token_urlsafe(24))
    return {
        **document,
        "submission": submission,
        **{name: document.get(name) or secrets.token_urlsafe(32) for name in SERVICES},
    }


def ensure() -> None:
    """Writes the secrets file, or adds to it what new campaigns need."""
    path = settings.SECRETS_FILE
    before = json.loads(path.read_text()) if path.exists() else {}
    after = completed(before, campaigns(settings.REPOSITORY / "campaigns"))
    if after != before:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, json.dumps(after, indent=2) + "\n")
