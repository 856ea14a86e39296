"""The repository's files as they are now, for a test that changes, commits or moves them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from lab import settings


def copied(target: Path) -> Path:
    """Copies the committed and the new files, what git ignores left out, and returns `target`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=settings.REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        source, copy = settings.REPOSITORY / name, target / name
        if source.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)
    return target
