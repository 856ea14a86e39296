"""Debian packages that the lab needs, and which of them this machine lacks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

LIST = Path(__file__).parent / "debian-packages.txt"
"""One package a line; `lab/bootstrap` and `lab/Dockerfile` read the same file."""


def needed() -> list[str]:
    """Names of the packages, sorted."""
    lines = (line.split("#")[0].strip() for line in LIST.read_text().splitlines())
    return sorted(line for line in lines if line)


def missing_packages() -> list[str]:
    """Needed packages that are not installed; all of them on a machine without dpkg."""
    names = needed()
    try:
        asked = subprocess.run(
            ["dpkg-query", "--show", "--showformat", "${db:Status-Abbrev} ${Package}\n", *names],
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        return names
    return absent(names, asked.stdout.splitlines())


def absent(names: Iterable[str], listing: Iterable[str]) -> list[str]:
    """Names that `dpkg-query` does not list as installed (status `ii`, or `hi` when held)."""
    installed = {parts[1] for line in listing if len(parts := line.split()) == 2 and parts[0] in {"ii", "hi"}}
    return sorted(set(names) - installed)


def install_command(names: Iterable[str]) -> str:
    """What a person types to install `names`."""
    return f"apt-get update && apt-get install --yes --no-remove --no-install-recommends {' '.join(names)}"
