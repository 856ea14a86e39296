"""Kubernetes manifests of a recorded stack, one object a file, without any secret."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from cli.outcome import Misused
from cli.render.recording import Recording, Registration

SECRET = "(secret)"
UNKNOWN = "(known after deployment)"
KUBERNETES = "kubernetes:"
CLUSTER_SCOPED = "_cluster"
"""Directory of objects without a namespace; no namespace may be called so (RFC 1123)."""
MARK = ".warmlane-render"
"""A file that says that the directory around it is a render's and may be emptied by the next one."""

Manifest = dict[str, Any]


def manifests(recording: Recording, placeholders: Mapping[str, str]) -> Iterator[tuple[Path, Manifest]]:
    """Path below the stack's directory, and object. `placeholders`: by value that stands for another, what is shown."""
    for made in recording.registrations:
        if made.custom and made.type.startswith(KUBERNETES):
            yield _path(made), manifest(made, placeholders)


def manifest(made: Registration, placeholders: Mapping[str, str]) -> Manifest:
    """An object as the API server would get it, with placeholders for what is secret or not known."""
    shown: Manifest = _shown(made.inputs, placeholders)
    if shown.get("kind") == "Secret":
        # All of it, also what nobody marked as secret.
        shown |= {part: _hidden(shown[part]) for part in ("data", "stringData") if part in shown}
    return shown


def _hidden(value: Any) -> Any:
    """The keys of a secret without its values."""
    return {key: _hidden(entry) for key, entry in value.items()} if isinstance(value, dict) else SECRET


def _shown(value: Any, placeholders: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        if value.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG:
            return _hidden(value["value"])
        return {key: _shown(entry, placeholders) for key, entry in value.items()}
    if isinstance(value, list):
        return [_shown(entry, placeholders) for entry in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value == UNKNOWN_STRING_VALUE:
        return UNKNOWN
    return placeholders.get(value, value) if isinstance(value, str) else value


def _path(made: Registration) -> Path:
    metadata = made.inputs.get("metadata", {})
    name, namespace = metadata.get("name", made.name), metadata.get("namespace", CLUSTER_SCOPED)
    kind = made.type.rpartition(":")[2].lower()
    return Path(str(namespace)) / f"{kind}.{name}.yaml"


class _Dumper(yaml.CSafeDumper):
    """Writes texts of several lines as they are, so that they can be read and compared."""


def _text(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def document(shown: Manifest) -> str:
    """A manifest as YAML; the same object gives the same text."""
    return str(yaml.dump(shown, Dumper=_Dumper, width=120))


def write(directory: Path, recording: Recording, placeholders: Mapping[str, str]) -> int:
    """Writes the stack's manifests below `directory`/<stack> and returns how many there are."""
    count = 0
    for path, shown in manifests(recording, placeholders):
        file = directory / recording.stack / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(document(shown))
        count += 1
    return count


def emptied(directory: Path) -> Path:
    """Makes the directory, or empties that of an earlier render. Raises Misused when anything else lies in it."""
    if directory.is_dir() and any(directory.iterdir()):
        if not (directory / MARK).exists():
            raise Misused(
                f"{directory} holds files that no render wrote.", "Give --out a directory that is new or empty."
            )
        shutil.rmtree(directory)
    elif directory.exists() and not directory.is_dir():
        raise Misused(f"{directory} is not a directory.", "Give --out a directory that is new or empty.")
    directory.mkdir(parents=True, exist_ok=True)
    (directory / MARK).write_text("The next `warmlane render` replaces this directory.\n")
    return directory
