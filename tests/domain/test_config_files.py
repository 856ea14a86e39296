"""A stack file that is missing, not YAML or without images is told by name."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from warmlane.config import load_environment
from warmlane.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
DIGEST = "@sha256:" + "ab" * 32


@pytest.fixture
def environment() -> dict[str, Any]:
    return copy.deepcopy(yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]["warmlane:environment"])


def test_files(tmp_path: Path, environment: dict[str, Any]) -> None:
    def load() -> object:
        return load_environment(tmp_path, "dev")

    with pytest.raises(ConfigError, match="no such file"):
        load()
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text("config: {}\n")
    with pytest.raises(ConfigError, match="config.warmlane:environment: is missing"):
        load()
    file.write_text("config:\n  a: 1\n  a: 2\n")
    with pytest.raises(ConfigError, match="line 3: the key a stands here a second time"):
        load()
    file.write_text(yaml.safe_dump({"config": {"warmlane:environment": environment}}))
    with pytest.raises(ConfigError, match="`make up` builds the lab's images"):
        load()
    images = tmp_path / ".lab/images.json"
    images.parent.mkdir()
    images.write_text(f'{{"sender": "a{DIGEST}"}}')
    with pytest.raises(ConfigError, match="images.prometheus: is missing"):
        load()
    others = ("prometheus", "alertmanager", "postgresql")
    images.write_text(json.dumps({"sender": f"a{DIGEST}", **dict.fromkeys(others, f"b{DIGEST}")}))
    loaded = load_environment(tmp_path, "dev")
    assert loaded.images is not None
    assert loaded.images.sender == f"a{DIGEST}"
    del environment["images_file"]
    file.write_text(yaml.safe_dump({"config": {"warmlane:environment": environment}}))
    with pytest.raises(ConfigError, match="`warmlane images push` writes them"):
        load()
