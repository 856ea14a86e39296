"""`warmlane snapshot`: what is deployed and delivered, as the policy pack reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from cli import snapshot
from cli.cluster import Cluster
from cli.outcome import WorldFailed
from tests.cli.conftest import ROOT, World
from warmlane.config import read_environment
from warmlane.environment import Environment, Incident
from warmlane.hold import Level, Record
from warmlane.snapshot import Hold, LaneIncident, Snapshot, load_snapshot

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
FILE = ".lab/snapshot.json"
DEV = read_environment(ROOT, "dev")
OUTPUTS = {
    "lanes": {"amber": {"address": "198.51.100.16"}, "birch": {"address": "198.51.100.17"}},
    "leases": {"spring-sale": "amber"},
}


def series(*values: tuple[datetime, str]) -> dict[str, Any]:
    return {"metric": {"lane": "amber"}, "values": [[moment.timestamp(), value] for moment, value in values]}


def ends(day: int, value: str) -> tuple[datetime, str]:
    """Prometheus' figure for a day of November, which it has when the day is over."""
    return datetime(2026, 11, day + 1, tzinfo=UTC), value


def taken(*found: dict[str, Any], environment: Environment = DEV, earlier: Snapshot | None = None) -> Snapshot:
    holds = snapshot.held(ROOT, "dev", earlier, {})
    return snapshot.taken("dev", environment, OUTPUTS, found, NOW, earlier, holds)


def record(campaign: str, level: Level, throttle: str = "0") -> dict[str, Any]:
    """A record as the API server shows it."""
    text = Record(level=level, sequence=7, reason="Blocked.", by="ops", since=NOW, throttle=throttle).text()
    made = {"name": f"sender-hold-{campaign}", "creationTimestamp": "2026-11-20T10:00:00Z"}
    return {"metadata": made, "data": {"hold.json": text}}


def cluster(*config_maps: dict[str, Any]) -> Callable[[Cluster, str], Any]:
    """What the API server answers."""

    def get(_self: Cluster, path: str) -> Any:
        return {"items": list(config_maps)} if path.endswith("/configmaps") else {"data": {"result": []}}

    return get


def test_a_days_volume_is_the_one_at_its_end() -> None:
    found = taken(series(ends(21, "7"), ends(22, "0"), ends(23, "1999.7")))
    assert found.lanes["amber"].delivered == {date(2026, 11, 22): 0, date(2026, 11, 23): 2000}
    assert found.lanes["amber"].sending_days is None, "without a ledger nobody has counted"
    assert found.leases == {"spring-sale": "amber"}


def test_a_day_on_which_figures_begin_or_end_is_not_known_whole() -> None:
    found = taken(series(ends(10, "5"), ends(11, "5"), ends(12, "5"), ends(13, "5"), ends(16, "5"), ends(17, "5")))
    assert list(found.lanes["amber"].delivered) == [date(2026, 11, 11), date(2026, 11, 12)]


def test_a_lane_delivered_nothing_before_it_had_a_sender_and_nobody_knows_what_after_it_fell_silent() -> None:
    amber = series(*(ends(day, "5") for day in range(18, 24)))
    birch = {**series(ends(20, "9"), ends(21, "9")), "metric": {"lane": "birch"}}
    found = taken(amber, birch)
    assert found.lanes["birch"].delivered == {date(2026, 11, 19): 0, date(2026, 11, 20): 9}
    assert sum(found.lanes["amber"].delivered.values()) == 5 * 5


def test_without_feedback_and_records_there_is_no_hold_and_incidents_are_those_of_the_config() -> None:
    first = taken()
    assert (first.feedback, first.holds, first.incidents) == ("none", {}, [])
    what = "Hard bounces of a bought list."
    incident = Incident(occurred=date(2026, 11, 20), campaign="spring-sale", what=what, remediation="List cleaned.")
    amber = DEV.lanes["amber"].model_copy(update={"incidents": [incident]})
    environment = DEV.model_copy(update={"lanes": {**DEV.lanes, "amber": amber}})
    (found,) = taken(environment=environment).incidents or []
    assert (found.lane, found.what) == ("amber", what)


def test_what_the_last_snapshot_held_against_somebody_is_kept() -> None:
    hold = Hold(level=Level.QUARANTINED, throttle_factor=0, since=NOW, reason="Spamhaus lists the address.")
    old = LaneIncident(lane="amber", occurred=date(2026, 10, 1), campaign="autumn", what="Complaints of old users.")
    held = {"newsletter": hold, "autumn": hold}
    found = taken(earlier=taken().model_copy(update={"holds": held, "incidents": [old]}))
    assert found.holds is not None and found.incidents == [old]
    assert found.holds["newsletter"] == hold.model_copy(update={"sending_domain": "newsletter.warmlane.test"})
    assert found.holds["autumn"] == hold, "a campaign without a file"
    moved = hold.model_copy(update={"sending_domain": "before.example"})
    again = taken(earlier=taken().model_copy(update={"holds": {"newsletter": moved}}))
    assert again.holds == {"newsletter": moved}, "a hold is on the domain that it was set on"


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
    monkeypatch.setattr(Cluster, "get", cluster())
    code, out, _ = warmlane("--json", "snapshot")
    document = json.loads(out)
    assert (code, document["file"]) == (0, FILE)
    assert [lane["campaign"] for lane in document["lanes"]] == ["spring-sale", "newsletter"]
    found = load_snapshot(world.repository, FILE)
    assert found is not None and found.leases == {"spring-sale": "amber"}


def test_the_records_in_the_cluster_are_the_holds(world: World, warmlane: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (world.state / "dev.outputs.json").write_text(json.dumps(OUTPUTS))
    damaged = {**record("autumn-sale", Level.NONE, "1"), "data": {"hold.json": "{"}}
    other = {"metadata": {"name": "lane-history"}, "data": {}}
    held = (record("newsletter", Level.THROTTLED, "0.25"), record("spring-sale", Level.QUARANTINED), damaged, other)
    monkeypatch.setattr(Cluster, "get", cluster(*held))
    code, out, _ = warmlane("snapshot")
    assert code == 0 and "3 holds and 0 incidents are known" in out
    holds = (load_snapshot(world.repository, FILE) or pytest.fail("no snapshot")).holds or {}
    throttled = holds["newsletter"]
    assert (throttled.level, throttled.throttle_factor, throttled.since) == (Level.THROTTLED, 0.25, NOW)
    assert throttled.sending_domain == "newsletter.warmlane.test"
    assert holds["spring-sale"].stands and holds["spring-sale"].reason == "Blocked."
    assert holds["autumn-sale"].stands and "can't be read" in holds["autumn-sale"].reason, "damage releases nothing"
    released = record("spring-sale", Level.NONE, "1")
    monkeypatch.setattr(Cluster, "get", cluster(released))
    assert warmlane("snapshot")[0] == 0
    again = (load_snapshot(world.repository, FILE) or pytest.fail("no snapshot")).holds
    assert again == {one: holds[one] for one in ("newsletter", "autumn-sale")}, "a record that is gone releases nothing"


def test_without_an_answer_on_holds_nothing_is_written(
    world: World, warmlane: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.state / "dev.outputs.json").write_text(json.dumps(OUTPUTS))
    monkeypatch.setattr(Cluster, "get", lambda _self, _path: {"data": {"result": []}})
    code, _, err = warmlane("snapshot")
    assert code == 3 and "What stands against the campaigns of dev is not known" in err
    assert load_snapshot(world.repository, FILE) is None


def test_a_silent_cluster_leaves_the_last_snapshot(
    world: World, warmlane: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.state / "dev.outputs.json").write_text(json.dumps(OUTPUTS))

    def silent(_self: Cluster, _path: str) -> Any:
        raise WorldFailed("The cluster did not answer.", "Start it.")

    monkeypatch.setattr(Cluster, "get", silent)
    code, _, err = warmlane("snapshot")
    assert code == 3 and "What dev delivered is not known: The cluster did not answer." in err
    assert "kubectl --context somebody-elses -n warmlane-monitoring get pods" in err and "services/proxy" in err
    assert load_snapshot(world.repository, FILE) is None


def test_what_is_not_prometheus_is_told_as_such(world: World, warmlane: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (world.state / "dev.outputs.json").write_text(json.dumps(OUTPUTS))
    monkeypatch.setattr(Cluster, "get", lambda _self, _path: {"kind": "Status"})
    code, _, err = warmlane("snapshot")
    assert code == 3 and "what answered is not Prometheus" in err


def test_it_goes_where_the_packs_config_says(world: World, warmlane: Any) -> None:
    world.stacks()
    world.change("policies/config/dev.json", ".lab/snapshot.json", "known/{environment}.json")
    assert warmlane("snapshot")[0] == 0
    assert load_snapshot(world.repository, "known/dev.json") is not None
    world.change("policies/config/dev.json", '"snapshot"', '"snapshots"')
    code, _, err = warmlane("snapshot")
    assert code == 1 and "policies/config/dev.json: 1 problem" in err and "all.snapshots" in err
