"""Small programs under the names of Pulumi's language host and providers, which come from no registry.

The engine takes each from PATH when it has no other. They run on the project's own interpreter.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from lab import settings

MODULES = {
    "pulumi-language-python": "lab.standins.language",
    "pulumi-resource-kubernetes": "lab.standins.kubernetes",
    "pulumi-resource-aws": "lab.standins.aws",
}
"""The executables by name, and the module that each runs."""


def install(directory: Path, python: Path) -> None:
    """Writes every stand-in's executable into `directory`; each runs its module with `python`."""
    for name in MODULES:
        write(directory, name, python)


def write(directory: Path, name: str, python: Path) -> None:
    """Writes one stand-in's executable; it replaces an older one whole, and an equal one stays."""
    directory.mkdir(parents=True, exist_ok=True)
    text, path = _script(MODULES[name], python), directory / name
    if path.is_file() and path.read_text() == text:
        return
    prepared = path.with_name(f".{name}-{os.getpid()}")
    prepared.write_text(text)
    prepared.chmod(0o755)
    prepared.replace(path)


def _script(module: str, python: Path) -> str:
    # Neither the current directory (-P) nor a PYTHONPATH: both would reach the program that the language host starts.
    code = (
        f"import runpy, sys; sys.path.insert(0, {str(settings.REPOSITORY)!r}); "
        f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    )
    return f'#!/bin/sh\nexec {shlex.quote(str(python))} -P -c {shlex.quote(code)} "$@"\n'
