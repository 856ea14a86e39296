"""Digests of pushed images in a stack file."""

from __future__ import annotations

import pytest
import yaml

from cli.images_commands import kept, with_images
from cli.outcome import Misused
from tests.cli.conftest import IMAGE, ROOT
from warmlane.config import ENVIRONMENT_KEY, parse_environment

PROD = (ROOT / "Pulumi.prod.yaml").read_text()
IMAGES = dict.fromkeys(("sender", "prometheus", "alertmanager", "postgresql"), IMAGE)


def test_a_file_without_images_gets_them_and_keeps_the_rest() -> None:
    bare = "".join(line for line in PROD.splitlines(True) if "@sha256" not in line).replace("    images:\n", "")
    text = with_images(bare, IMAGES)
    environment = parse_environment(yaml.safe_load(text)["config"][ENVIRONMENT_KEY], "Pulumi.prod.yaml")
    assert environment.images is not None and environment.images.sender == IMAGE
    assert [line for line in bare.splitlines() if line not in text.splitlines()] == []


def test_a_second_push_replaces_the_first() -> None:
    other = IMAGE.replace("5e", "6f")
    text = with_images(with_images(PROD, IMAGES), {**IMAGES, "sender": other})
    assert yaml.safe_load(text)["config"][ENVIRONMENT_KEY]["images"] == {**IMAGES, "sender": other}
    assert text.count("    images:\n") == 1


def test_an_image_that_is_not_built_here_stays() -> None:
    assert kept({"images": {**IMAGES, "grafana": IMAGE}}) == {"grafana": IMAGE}
    assert kept({}) == {}


def test_a_file_without_an_environment_is_refused() -> None:
    with pytest.raises(Misused):
        with_images("config: {}\n", IMAGES)
