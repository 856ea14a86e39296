"""The store's fixtures, here too; an API server for the whole run, and a Prometheus for a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.guardian import api_server
from tests.guardian.prometheus_server import Store, serving
from tests.store.conftest import empty, postgresql_store, server, store, template

__all__ = ["empty", "postgresql_store", "server", "store", "template"]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[api_server.Cluster]:
    """A real API server, as its administrator."""
    with api_server.running(tmp_path_factory.mktemp("cluster")) as api:
        yield api


@pytest.fixture
def prometheus() -> Iterator[Store]:
    """A Prometheus of the test's own."""
    with serving() as running:
        yield running
