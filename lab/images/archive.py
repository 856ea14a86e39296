"""Reads what a finished image archive says about itself."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path


def manifest_digest(archive: Path) -> str:
    """The digest (`sha256:…`) of the one image in an OCI archive: what a container runtime knows it by after an import.

    Raises ValueError when the file is no OCI archive with exactly one image.
    """
    try:
        with tarfile.open(archive) as content:
            index = content.extractfile("index.json")
            manifests = json.load(index)["manifests"] if index else []
    except (tarfile.TarError, KeyError, OSError) as error:
        raise ValueError(f"{archive} is no OCI archive: {error}") from error
    if len(manifests) != 1:
        raise ValueError(f"{archive} holds {len(manifests)} images; it must hold one")
    return str(manifests[0]["digest"])
