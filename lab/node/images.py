"""Puts the project's images into the node's containerd, and their references into the clone's images file."""

from __future__ import annotations

import json
from collections.abc import Mapping

from lab import settings
from lab.images import CONFIGURED, Image
from lab.node.containerd import ctr


class ImageLost(RuntimeError):
    """An image was imported and is not there under its digest."""


def load(images: Mapping[str, Image]) -> None:
    """Imports the images that the node lacks, under their references by digest. Raises ImageLost, CommandFailed."""
    present = set(ctr("images", "list", "--quiet").split())
    wanted = {name: image for name, image in images.items() if image.reference not in present}
    for image in wanted.values():
        base = image.reference.partition("@")[0]
        ctr("images", "import", f"--base-name={base}", "--digests", image.archive)
    if wanted:
        present = set(ctr("images", "list", "--quiet").split())
        lost = [image.reference for image in wanted.values() if image.reference not in present]
        if lost:
            raise ImageLost(f"imported, but not there under their digest: {', '.join(lost)}")


def write_references(images: Mapping[str, Image]) -> None:
    """Writes the images file that Pulumi.dev.yaml names; unchanged content leaves the file alone."""
    document = {name: images[name].reference for name in CONFIGURED}
    text = json.dumps(document, indent=2) + "\n"
    settings.LOCAL.mkdir(parents=True, exist_ok=True)
    if not settings.IMAGES_FILE.exists() or settings.IMAGES_FILE.read_text() != text:
        settings.IMAGES_FILE.write_text(text)
