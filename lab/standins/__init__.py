"""Small programs under the names of Pulumi's language host and providers, which come from no registry.

The engine takes each from PATH when it has no other. They run on the project's own interpreter.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from pathlib import Path

from lab import settings

MODULES = {
    "pulumi-language-python": "lab.standins.language",
    "pulumi-resource-kubernetes": "lab.standins.kubernetes",
    "pulumi-resource-aws": "lab.standins.aws",
}
"""The executables by name, and the module that each runs."""


def install(directory: Path, python: Path, names: Iterable[str] = tuple(MODULES)) -> None:
    """Makes `directory` hold the named stand-ins' executables and no others; each runs its module with `python`."""
    directory.mkdir(parents=True, exist_ok=True)
    wanted = set(names)
    for name, module in MODULES.items():
        if name in wanted:
            _write(directory / name, _script(module, python))
        else:
            (directory / name).unlink(missing_ok=True)


def is_standin(program: Path) -> bool:
    """Whether an executable is one that `install` wrote, of whichever clone."""
    with program.open("rb") as file:
        start = file.read(4096)
    return start.startswith(b"#!/bin/sh\n") and any(module.encode() in start for module in MODULES.values())


def _write(path: Path, text: str) -> None:
    """Writes an executable whole, as an engine may start it meanwhile; an equal one stays."""
    if path.is_file() and path.read_text() == text:
        return
    prepared = path.with_name(f".{path.name}-{os.getpid()}")
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
