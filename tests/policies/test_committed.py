"""What rules read of the repository: each file once, and of many campaigns only those that matter."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from policies import committed
from policies.known import SnapshotConfig
from warmlane.errors import ConfigError


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "campaigns").mkdir()
    for file in ("Pulumi.dev.yaml", "campaigns/Pulumi.spring-sale.dev.yaml", "campaigns/Pulumi.newsletter.dev.yaml"):
        shutil.copy(committed.REPOSITORY / file, tmp_path / file)
    monkeypatch.setattr(committed, "REPOSITORY", tmp_path)
    cached = (committed._environment, committed._campaign, committed._naming, committed._snapshot)
    for one in cached:
        one.cache_clear()
    yield tmp_path
    for one in cached:
        one.cache_clear()


def test_campaigns_of_a_domain(repository: Path) -> None:
    assert set(committed.campaigns("dev")) == {"spring-sale", "newsletter"}
    (repository / "campaigns/Pulumi.newsletter.dev.yaml").write_text("not: sound\n")
    assert set(committed.campaigns("any.dev", "spring-sale.warmlane.test")) == {"spring-sale"}, (
        "files that do not name the domain are not read as campaigns"
    )
    assert committed.campaigns("any.dev", "elsewhere.test") == {}


def test_a_file_is_read_once_for_all_stacks(repository: Path) -> None:
    first = committed.environment("spring-sale.dev"), committed.campaign("newsletter", "spring-sale.dev")
    shutil.rmtree(repository)
    assert (committed.environment("dev"), committed.campaign("newsletter", "newsletter.dev")) == first


def test_no_snapshot(repository: Path) -> None:
    assert committed.snapshot("dev", SnapshotConfig().file("dev")) is None


def test_a_snapshot_of_another_environment_tells_nothing(repository: Path) -> None:
    body = {"environment": "prod", "taken": "2026-11-24T12:00:00Z", "lanes": {}, "leases": {}}
    (repository / "known.json").write_text(json.dumps(body))
    assert committed.snapshot("receipts.prod", "known.json") is not None
    with pytest.raises(ConfigError, match=r"known.json: 1 problem\n.*environment: value prod is not allowed.*-e dev"):
        committed.snapshot("spring-sale.dev", "known.json")
