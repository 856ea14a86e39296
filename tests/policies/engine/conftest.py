"""One API server and one AWS for all tests of this directory, and a copy of the repository for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import toolchain
from lab.aws.account import Account
from lab.aws.server import fresh, listening
from tests.policies.engine.world import World, know_cilium
from tests.policies.engine.world import world as copied
from tests.standins.kubernetes import api_server


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[api_server.Cluster]:
    with api_server.running(toolchain.ensure(print), tmp_path_factory.mktemp("cluster")) as cluster:
        know_cilium(cluster)
        yield cluster


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    with listening() as url:
        yield url


@pytest.fixture
def account() -> Iterator[Account]:
    """An AWS account in which nothing was made yet."""
    with fresh(Account()) as account:
        yield account


@pytest.fixture
def world(tmp_path: Path, account: Account) -> World:
    return copied(tmp_path)
