"""The environment's cluster, asked through the person's kubeconfig by kubectl while a program runs."""

from __future__ import annotations

import json
import subprocess
from typing import Any

SECONDS = 5
"""How long the cluster may take to answer."""


class Silent(Exception):
    """The cluster did not answer what it was asked; `str()` is why."""


def run(context: str, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """What kubectl answered, whatever its exit status; `text` is its standard input. Raises Silent."""
    command = ["kubectl", "--context", context, f"--request-timeout={SECONDS}s", *arguments]
    try:
        return subprocess.run(command, input=text, capture_output=True, text=True, timeout=4 * SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        raise Silent(str(error)) from None


def find(context: str, path: str) -> dict[str, Any] | None:
    """The object at a path of the API; None where there is none. Raises Silent."""
    # Asked once, raw: `kubectl get` would first discover every API group and try five times.
    done = run(context, "get", "--raw", path)
    if "(NotFound)" in done.stderr:
        return None
    if done.returncode != 0:
        raise Silent(done.stderr.strip())
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise Silent(f"what answered is no API server ({error})") from None
    return found
