"""`warmlane snapshot`: what is deployed and delivered, as the policy pack reads it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from cli import snapshot
from cli.cluster import Cluster
from cli.outcome import WorldFailed
from tests.cli.conftest import World
from warmlane.snapshot import load_snapshot

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
FILE = "policies/snapshots/dev.json"
OUTPUTS = {
    "lanes": {"amber": {"address": "198.51.100.16"}, "birch": {"address": "198.51.100.17"}},
    "leases": {"spring-sale": "amber"},
}


def series(*values: tuple[datetime, str]) -> dict[str, Any]:
    return {"metric": {"lane": "amber"}, "values": [[moment.timestamp(), value] for moment, value in values]}


def test_a_days_volume_is_the_one_at_its_end() -> None:
    delivered = series((datetime(2026, 11, 23, tzinfo=UTC), "0"), (datetime(2026, 11, 24, tzinfo=UTC), "1999.7"))
    found = snapshot.taken("dev", OUTPUTS, [delivered], NOW)
    assert found.lanes["amber"].delivered == {date(2026, 11, 23): 2000}, "a day without mail is not a sending day"
    assert found.lanes["birch"].delivered == {}
    assert found.lanes["amber"].sending_days is None, "without a ledger nobody has counted"
    assert (found.leases, found.holds, found.incidents) == ({"spring-sale": "amber"}, {}, [])


def test_whole_days_are_asked_for() -> None:
    path = snapshot.volumes_path(NOW, 30)
    first, last = datetime(2026, 10, 26, tzinfo=UTC).timestamp(), datetime(2026, 11, 24, tzinfo=UTC).timestamp()
    assert f"&start={first}&end={last}&step=86400.0" in path
    assert path.startswith("/api/v1/namespaces/warmlane-monitoring/services/prometheus:9090/proxy/api/v1/query_range?")


def test_before_the_first_up_it_is_empty(world: World, warmlane: Any) -> None:
    world.stacks()
    code, _, _ = warmlane("snapshot")
    assert code == 0
    found = load_snapshot(world.repository, FILE)
    assert found is not None
    assert (found.lanes, found.leases, found.holds) == ({}, {}, {})
    assert found.is_fresh(datetime.now(UTC))


def test_what_is_deployed_is_written(world: World, warmlane: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (world.state / "dev.outputs.json").write_text(json.dumps(OUTPUTS))
    monkeypatch.setattr(Cluster, "get", lambda _self, _path: {"data": {"result": []}})
    code, out, _ = warmlane("--json", "snapshot")
    assert (code, json.loads(out)["file"]) == (0, FILE)
    found = load_snapshot(world.repository, FILE)
    assert found is not None and found.leases == {"spring-sale": "amber"}


def test_a_silent_cluster_leaves_the_last_snapshot(
    world: World, warmlane: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.state / "dev.outputs.json").write_text(json.dumps(OUTPUTS))

    def silent(_self: Cluster, _path: str) -> Any:
        raise WorldFailed("The cluster did not answer.", "Start it.")

    monkeypatch.setattr(Cluster, "get", silent)
    code, _, err = warmlane("snapshot")
    assert code == 3 and "did not answer" in err
    assert load_snapshot(world.repository, FILE) is None
