"""Runs the machine's own tools (ip, nft, ctr, …), in a network namespace of the lab where one is named."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

NETNS_DIRECTORY = Path("/run/netns")


class CommandFailed(RuntimeError):
    """A tool of the machine ended with an error; the text says which one and what it wrote."""


def in_namespace(namespace: str, command: Sequence[str | Path]) -> list[str]:
    """`command`, to be run in a network namespace.

    nsenter and not `ip netns exec`: the latter mounts /sys anew, and what runs there finds no cgroups.
    """
    return ["nsenter", f"--net={NETNS_DIRECTORY / namespace}", "--", *map(str, command)]


def run(*command: str | Path, namespace: str | None = None, text: str | None = None, timeout: float = 120) -> str:
    """Runs a command to its end, feeds it `text`, and returns what it wrote. Raises CommandFailed."""
    words = [str(word) for word in command]
    argv = in_namespace(namespace, words) if namespace else words
    try:
        done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=timeout)
    except FileNotFoundError as problem:
        raise CommandFailed(f"{argv[0]} is not installed; `warmlane lab doctor` names what is missing") from problem
    except subprocess.TimeoutExpired as problem:
        raise CommandFailed(f"`{' '.join(words)}` did not end within {timeout:.0f} s") from problem
    if done.returncode:
        where = f" in {namespace}" if namespace else ""
        raise CommandFailed(f"`{' '.join(words)}`{where} failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout
