"""`warmlane snapshot`: what only a running environment knows, written down for the policy pack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cli.cluster import Cluster
from cli.engine import Engine
from cli.outcome import ConfigRefused, WorldFailed
from cli.stacks import environment_stack
from warmlane import hold, names
from warmlane.config import campaign_stacks, load_campaign
from warmlane.environment import Environment
from warmlane.errors import ConfigError
from warmlane.snapshot import MAX_AGE, Hold, LaneFacts, LaneIncident, Snapshot, load_snapshot

DAY = timedelta(days=1)
DELIVERED = 'sum by (lane) (increase(sender_deliveries_total{outcome="delivered"}[1d]))'


def write(engine: Engine, environment: Environment, name: str, repository: Path) -> tuple[str, Snapshot]:
    """Takes the snapshot now and writes it where the pack looks for it. Raises WorldFailed and ConfigRefused."""
    # Imported here, as Pulumi's packages take longer to load than another command takes to answer.
    from policies import pack
    from policies.rules import RULES

    try:
        file = pack.snapshot_file(repository, name, RULES)
        earlier = load_snapshot(repository, file)
    except ConfigError as error:
        raise ConfigRefused([error]) from None
    now = datetime.now(UTC)
    outputs, series = asked(engine, environment, name, now)
    records = recorded(Cluster(environment.cluster.context, engine.variables), name) if outputs.get("lanes") else {}
    try:
        holds = held(repository, name, earlier, records)
    except ConfigError as error:
        raise ConfigRefused([error]) from None
    found = taken(name, environment, outputs, series, now, earlier, holds)
    (repository / file).parent.mkdir(parents=True, exist_ok=True)
    (repository / file).write_text(found.model_dump_json(indent=2) + "\n")
    return file, found


def asked(engine: Engine, environment: Environment, name: str, now: datetime) -> tuple[dict[str, Any], list[Any]]:
    """The stack's outputs and Prometheus' series; nothing before the environment's first `up`. Raises WorldFailed."""
    own = environment_stack(name)
    outputs = engine.outputs(own) if own.name in engine.stacks(own) else {}
    if not outputs.get("lanes"):
        return outputs, []
    cluster = Cluster(environment.cluster.context, engine.variables)
    try:
        answer = cluster.get(volumes_path(now, environment.monitoring.retention_days))
        return outputs, list(answer["data"]["result"])
    except WorldFailed as failure:
        raise WorldFailed(f"What {name} delivered is not known: {failure.what}", silent_advice(environment)) from None
    except (KeyError, TypeError, ValueError):
        raise WorldFailed(
            f"What {name} delivered is not known: what answered is not Prometheus.", silent_advice(environment)
        ) from None


def silent_advice(environment: Environment) -> str:
    """What to do where Prometheus does not answer. It is asked through the API server, so no port is forwarded."""
    pods = f"kubectl --context {environment.cluster.context} -n {names.MONITORING_NAMESPACE} get pods"
    return (
        f"Look at `{pods}`: Prometheus must run, and you must be allowed to `get` services/proxy there. In the lab, "
        "`warmlane lab up` starts what has ended. Nothing was written."
    )


def volumes_path(now: datetime, days: int) -> str:
    """Path at the API server under which Prometheus tells what each lane delivered on the last whole days (UTC)."""
    midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    query = {
        "query": DELIVERED,
        "start": (midnight - (days - 1) * DAY).timestamp(),
        "end": midnight.timestamp(),
        "step": DAY.total_seconds(),
    }
    service = f"/api/v1/namespaces/{names.MONITORING_NAMESPACE}/services/prometheus:9090/proxy"
    return f"{service}/api/v1/query_range?{urlencode(query)}"


def taken(
    name: str,
    environment: Environment,
    outputs: Mapping[str, Any],
    series: Iterable[Mapping[str, Any]],
    now: datetime,
    earlier: Snapshot | None,
    holds: Mapping[str, Hold],
) -> Snapshot:
    """The snapshot from the stack's outputs and from Prometheus' series, of which each value is that of a day's end.

    With `feedback: none` nobody keeps a ledger, and only people set holds, so what speaks against a campaign is known:
    the records in the cluster, incidents of the config, and whatever else the last snapshot had. Sending days stay as
    they are committed.
    """
    volumes = {
        one["metric"].get("lane", ""): {_day(moment): round(float(value)) for moment, value in one["values"]}
        for one in series
    }
    return Snapshot(
        environment=name,
        taken=now.replace(microsecond=0),
        feedback=environment.feedback,
        lanes={lane: LaneFacts(delivered=known(lane, volumes, now)) for lane in outputs.get("lanes") or {}},
        leases=dict(outputs.get("leases") or {}),
        holds=dict(holds),
        incidents=_incidents(environment, earlier),
    )


def recorded(cluster: Cluster, name: str) -> dict[str, Hold | None]:
    """By campaign what its record in the cluster says, None where that is no hold. Raises WorldFailed.

    Records are known by their names: who damages a record or its labels releases nothing.
    """
    prefix, holds = hold.record_name(""), dict[str, Hold | None]()
    try:
        documents = cluster.get(f"/api/v1/namespaces/{names.PLATFORM_NAMESPACE}/configmaps")["items"]
        for document in documents:
            if (called := str(document["metadata"]["name"])).startswith(prefix):
                holds[called.removeprefix(prefix)] = _recorded(document)
    except (KeyError, TypeError, ValueError):
        raise WorldFailed(
            f"What stands against the campaigns of {name} is not known: what answered is no list of ConfigMaps.",
            f"Look at `kubectl -n {names.PLATFORM_NAMESPACE} get configmaps`. Nothing was written.",
        ) from None
    except WorldFailed as failure:
        raise WorldFailed(
            f"What stands against the campaigns of {name} is not known: {failure.what}",
            f"You must be allowed to list ConfigMaps in {names.PLATFORM_NAMESPACE}. Nothing was written.",
        ) from None
    return holds


def _recorded(document: Mapping[str, Any]) -> Hold | None:
    try:
        record = hold.of_config_map(document)
    except hold.UnreadableHold as error:
        made = datetime.fromisoformat(document["metadata"]["creationTimestamp"])
        # At least as strict as any level, as nobody can say which it was.
        return Hold(level=hold.Level.RETIRED, throttle_factor=0, since=made, reason=f"The record is there and {error}")
    if record.level is hold.Level.NONE:
        return None
    return Hold(level=record.level, throttle_factor=record.factor, since=record.since, reason=record.reason)


def held(repository: Path, name: str, earlier: Snapshot | None, records: Mapping[str, Hold | None]) -> dict[str, Hold]:
    """What the records say, and of campaigns that have none what the last snapshot held: a hold ends by release.

    Each has the sending domain that it was set on, or that of the campaign's file. Raises ConfigError.
    """
    before = (earlier.holds if earlier else None) or {}
    found = {campaign: one for campaign, one in before.items() if campaign not in records}
    for campaign, record in records.items():
        if record is not None:
            domain = before[campaign].sending_domain if campaign in before else None
            found[campaign] = record.model_copy(update={"sending_domain": domain})
    files = campaign_stacks(repository, name)
    for id_ in [one for one, about in found.items() if about.sending_domain is None and one in files]:
        domain = load_campaign(repository, id_, name).sending_domain
        found[id_] = found[id_].model_copy(update={"sending_domain": domain})
    return found


def known(lane: str, volumes: Mapping[str, Mapping[date, int]], now: datetime) -> dict[date, int]:
    """What a lane delivered on the days of which that is known whole; `volumes` are Prometheus' by lane.

    Before a lane's first figure it had no sender, so it delivered nothing on days of which there are other lanes'.
    A day beside one without figures may be known in part only, as Prometheus or the sender came or went on it.
    """
    own = volumes.get(lane, {})
    first, last = min(own, default=None), now.astimezone(UTC).date() - DAY
    before = {day: 0 for other in volumes.values() for day in other if first is None or day < first}
    figures = {**before, **own}
    return {
        day: figures[day]
        for day in sorted(figures)
        if day - DAY in figures and (day + DAY in figures or day == last) and day <= last
    }


def notes(file: str, found: Snapshot) -> list[str]:
    """What a person should know of a snapshot that was written."""
    against = f"{len(found.holds or {})} holds and {len(found.incidents or [])} incidents"
    return [
        f"{against} are known, by the records in the cluster, the config and the last snapshot.",
        f"Wrote {file}. It tells nothing after {found.taken + MAX_AGE:%Y-%m-%d %H:%M} (UTC).",
    ]


def _incidents(environment: Environment, earlier: Snapshot | None) -> list[LaneIncident]:
    """Of the config, and of the last snapshot what the config does not have."""
    found = [
        LaneIncident(lane=lane, **incident.model_dump())
        for lane, about in environment.lanes.items()
        for incident in about.incidents
    ]
    listed = {(one.lane, one.campaign, one.occurred) for one in found}
    old = (earlier.incidents if earlier else None) or []
    return found + [one for one in old if (one.lane, one.campaign, one.occurred) not in listed]


def _day(moment: float) -> date:
    """The day that ended at a moment (seconds since 1970)."""
    return (datetime.fromtimestamp(moment, UTC) - DAY).date()
