"""What the pod mounts: what is watched, and the keys to ask with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from warmlane.reputation.config import Watched

CONFIG = Path("/etc/warmlane/reputation/config.json")
KEYS = Path("/etc/warmlane/reputation-keys")
"""One file for each operator's key, by the operator's name."""


class MountError(Exception):
    """A mounted file is missing or not sound; the text names it and holds nothing of its content."""


@dataclass(frozen=True)
class Keys:
    """Keys by operator or source. They show in no text."""

    values: dict[str, str] = field(default_factory=dict, repr=False)

    def get(self, name: str) -> str | None:
        """The key, None where there is none."""
        return self.values.get(name)


def read_config(path: Path = CONFIG) -> Watched:
    """Raises MountError."""
    try:
        return Watched.model_validate_json(path.read_bytes())
    except OSError as error:
        raise MountError(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise MountError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def read_keys(directory: Path = KEYS) -> Keys:
    """Every key that is there; an empty file is none. Raises MountError."""
    try:
        files = [path for path in directory.iterdir() if path.is_file() and not path.name.startswith(".")]
        found = {path.name: path.read_text().strip() for path in files}
    except FileNotFoundError:
        return Keys()
    except (OSError, UnicodeDecodeError) as error:
        raise MountError(f"{directory}: a key can't be read ({type(error).__name__})") from None
    return Keys({name: value for name, value in found.items() if value})
