"""The lab's container images, built from the project's own Dockerfiles into a cache that clones share."""

from __future__ import annotations

from lab.images.build import Image, ensure, ensure_machine, missing
from lab.images.catalogue import CONFIGURED, RECIPES, Recipe

__all__ = ["CONFIGURED", "RECIPES", "Image", "Recipe", "ensure", "ensure_machine", "missing"]
