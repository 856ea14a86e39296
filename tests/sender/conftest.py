"""What several tests of the sender share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sender.release_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A deliverer among fakes, with its queues in a folder of the test's own."""
    return World(tmp_path)
