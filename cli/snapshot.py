"""`warmlane snapshot`: what only a running environment knows, written down for the policy pack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cli.cluster import Cluster
from cli.engine import Engine
from cli.stacks import environment_stack
from policies.committed import snapshot_file
from warmlane import names
from warmlane.environment import Environment
from warmlane.snapshot import LaneFacts, Snapshot

DAY = timedelta(days=1)
DELIVERED = 'sum by (lane) (increase(sender_deliveries_total{outcome="delivered"}[1d]))'


def write(engine: Engine, environment: Environment, name: str, repository: Path) -> str:
    """Takes the snapshot now and writes it where the pack looks for it; its file. Raises WorldFailed."""
    found, file = gathered(engine, environment, name, datetime.now(UTC)), snapshot_file(name)
    (repository / file).parent.mkdir(parents=True, exist_ok=True)
    (repository / file).write_text(found.model_dump_json(indent=2) + "\n")
    return file


def gathered(engine: Engine, environment: Environment, name: str, now: datetime) -> Snapshot:
    """The snapshot of an environment; an empty one before its first `up`. Raises WorldFailed."""
    own = environment_stack(name)
    outputs = engine.outputs(own) if own.name in engine.stacks(own) else {}
    series = list[Any]()
    if outputs.get("lanes"):
        cluster = Cluster(environment.cluster.context, engine.variables)
        series = cluster.get(volumes_path(now, environment.monitoring.retention_days))["data"]["result"]
    return taken(name, outputs, series, now)


def volumes_path(now: datetime, days: int) -> str:
    """Path at the API server under which Prometheus tells what each lane delivered on the last whole days (UTC)."""
    midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    asked = {
        "query": DELIVERED,
        "start": (midnight - (days - 1) * DAY).timestamp(),
        "end": midnight.timestamp(),
        "step": DAY.total_seconds(),
    }
    service = f"/api/v1/namespaces/{names.MONITORING_NAMESPACE}/services/prometheus:9090/proxy"
    return f"{service}/api/v1/query_range?{urlencode(asked)}"


def taken(name: str, outputs: Mapping[str, Any], series: Iterable[Mapping[str, Any]], now: datetime) -> Snapshot:
    """The snapshot from the stack's outputs and from Prometheus' series, of which each value is that of a day's end.

    An environment with `feedback: none` keeps no ledger: it has no holds, and sending days stay as they are committed.
    """
    delivered = dict[str, dict[date, int]]()
    for one in series:
        values = {_day(moment): round(float(value)) for moment, value in one["values"]}
        delivered[one["metric"].get("lane", "")] = {day: messages for day, messages in values.items() if messages}
    return Snapshot(
        environment=name,
        taken=now.replace(microsecond=0),
        lanes={lane: LaneFacts(delivered=delivered.get(lane, {})) for lane in outputs.get("lanes") or {}},
        leases=dict(outputs.get("leases") or {}),
        holds={},
        incidents=[],
    )


def _day(moment: float) -> date:
    """The day that ended at a moment (seconds since 1970)."""
    return (datetime.fromtimestamp(moment, UTC) - DAY).date()
