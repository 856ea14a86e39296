"""Which of the Debian packages that the lab needs this machine lacks."""

from __future__ import annotations

import subprocess

from lab import settings

BOOTSTRAP = settings.REPOSITORY / "lab" / "bootstrap"
"""Looks at the machine before there is a Python, so what it looks at is looked at there alone."""


def missing_packages() -> list[str]:
    """Needed packages that are not installed; all of them on a machine without dpkg."""
    return subprocess.run([BOOTSTRAP, "packages"], capture_output=True, text=True, check=True).stdout.split()


def machine_findings() -> list[tuple[str, str]]:
    """What the lab needs of the machine, each with what to do about it; empty where it is well."""
    asked = subprocess.run([BOOTSTRAP, "findings"], capture_output=True, text=True, check=True)
    rows = [line.partition("\t") for line in asked.stdout.splitlines()]
    return [(what, remedy) for what, _, remedy in rows]
