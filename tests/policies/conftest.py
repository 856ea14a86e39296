"""What every test of a rule starts from: the committed files as they are, images that nobody built, and one day."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from policies import committed
from tests.policies import world


@pytest.fixture(autouse=True)
def as_committed() -> Iterator[None]:
    """Puts back what a test or a mutant has put in place of the committed config, and stops the clock."""
    before = {name: getattr(committed, name) for name in world.REPLACED}
    world.clock(world.NOW)
    world.replace(images=lambda _stack: world.IMAGES)
    yield
    for name, value in before.items():
        setattr(committed, name, value)
