"""An environment whose images nobody has built yet: what it would make can be shown and judged all the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

from warmlane.config import environment_file, load_environment, read_environment
from warmlane.environment import Environment, Images
from warmlane.errors import ConfigError


def environment(repository: Path, name: str) -> Environment:
    """The environment with its images, or with ones that stand for them where they are not known. Raises ConfigError.

    No program deploys by the latter: both refuse an environment without images.
    """
    try:
        return load_environment(repository, name)
    except ConfigError as error:
        is_missing = error.file == environment_file(name)
        if not is_missing or not {problem.key for problem in error.problems} <= {"images", "images_file"}:
            raise
    return read_environment(repository, name).model_copy(update={"images": images()})


def images() -> Images:
    """By digests that no image has, as nobody knows what they would be digests of."""
    needed = [image for image, about in Images.model_fields.items() if about.is_required()]
    return Images.model_validate({image: f"not-built.invalid/{image}@sha256:{_digest(image)}" for image in needed})


def shown(environment: Environment) -> dict[str, str]:
    """By reference that stands for an image, what people are shown instead; empty where the images are known."""
    stand_ins = images()
    if environment.images != stand_ins:
        return {}
    return {reference: f"(not built: {image})" for image, reference in stand_ins.model_dump(exclude_none=True).items()}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
