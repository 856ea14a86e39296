"""The store's fixtures, and a desk with each."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.intake.world import Desk
from tests.store.conftest import login, postgresql_store, server, store, template

__all__ = ["login", "postgresql_store", "server", "store", "template"]


@pytest.fixture
def desk(store: Engine, tmp_path: Path) -> Desk:
    """A spool and its worker."""
    return Desk(tmp_path / "spool", store)
