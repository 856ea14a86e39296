"""How a command ends: an exit code, and for every failure what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from warmlane.errors import ConfigError


class Code(IntEnum):
    """Exit codes of `warmlane`."""

    FINE = 0
    REFUSED = 1
    """A policy or the validation said no."""
    USAGE = 2
    FAILED = 3
    """The world failed: cluster, cloud, engine or machine."""


class Stop(Exception):
    """Ends a command. `what` is what happened, `advice` what to do next, both whole sentences."""

    code = Code.FAILED

    def __init__(self, what: str, advice: str) -> None:
        self.what, self.advice = what, advice
        super().__init__(f"{what}\n{advice}")


class Refused(Stop):
    """A policy or the validation said no."""

    code = Code.REFUSED


class Misused(Stop):
    """The command was typed wrongly."""

    code = Code.USAGE


class WorldFailed(Stop):
    """Something outside this repository failed."""

    code = Code.FAILED


class ConfigRefused(Refused):
    """The committed configuration can't be used: every problem of every file at once."""

    def __init__(self, errors: Sequence[ConfigError]) -> None:
        self.errors = list(errors)
        files = ", ".join(dict.fromkeys(error.file for error in self.errors))
        super().__init__("\n".join(str(error) for error in self.errors), f"Correct {files} and run the command again.")


def worst(codes: Sequence[Code]) -> Code:
    """The code of several parts: the world's failure outweighs a refusal, which outweighs success."""
    return max(codes, default=Code.FINE)
