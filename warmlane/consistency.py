"""What the parts of an environment's config must agree on.

The checks read the raw document, not the model: a slip elsewhere in the file must not hide what is wrong here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from ipaddress import IPv4Network
from typing import Any

from warmlane.errors import Problem
from warmlane.validation import show

Raw = Mapping[Any, Any]

LONGEST_OVERRIDE = timedelta(days=30)
"""Within it every published warm-up is over or nearly so; who needs longer decides, and says why, again."""


def _mapping(data: object, key: str) -> Raw:
    value = data.get(key) if isinstance(data, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _network(value: object) -> IPv4Network | None:
    try:
        return IPv4Network(str(value))
    except ValueError:
        return None


def _date(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _networks(raw: Raw, key: str) -> list[IPv4Network]:
    listed = raw.get(key)
    found = [_network(value) for value in listed] if isinstance(listed, list) else []
    return [network for network in found if network is not None]


def environment_problems(data: object) -> list[Problem]:
    """Every disagreement between parts of an environment's document."""
    checks = (_leases, _strategy, _subnets, _unique_addresses, _incidents, _history, _stages, _overrides, _images)
    raw = data if isinstance(data, Mapping) else {}
    return [problem for check in checks for problem in check(raw)]


def _leases(raw: Raw) -> Iterator[Problem]:
    lanes, holders = _mapping(raw, "lanes"), dict[str, str]()
    for campaign, lease in _mapping(raw, "leases").items():
        lane = lease.get("lane") if isinstance(lease, Mapping) else None
        if not isinstance(lane, str):
            continue
        key = f"leases.{campaign}.lane"
        if lane not in lanes:
            yield Problem(
                key,
                show(lane),
                f"it must be one of this environment's lanes: {', '.join(map(str, lanes)) or 'none yet'}",
            )
        elif lane in holders:
            yield Problem(
                key,
                show(lane),
                f"a lane is leased to at most one campaign, and {holders[lane]} holds {lane}; give {campaign} a lane "
                "of its own",
            )
        holders.setdefault(lane, campaign)


def _needed(raw: Raw, path: str, fields: tuple[str, ...], reason: str) -> Iterator[Problem]:
    for field in fields:
        if raw.get(field) in (None, "", {}):
            yield Problem(f"{path}.{field}" if path else field, "", f"{reason} needs it")


def _strategy(raw: Raw) -> Iterator[Problem]:
    egress, cluster = _mapping(raw, "egress"), _mapping(raw, "cluster")
    strategy = egress.get("strategy")
    per_lane: tuple[str, ...] = ()
    if strategy in ("nat_gateway", "cilium_gateway"):
        yield from _needed(raw, "", ("aws",), f"egress.strategy {strategy}")
    if strategy == "nat_gateway":
        per_lane = ("zone", "subnet")
        yield from _needed(cluster, "cluster", ("eks_cluster_name", "node_role_arn"), "egress.strategy nat_gateway")
    if strategy == "cilium_gateway":
        per_lane = ("private_address",) if egress.get("network_interface_id") else ()
        if cluster.get("cni") not in (None, "cilium"):
            yield Problem(
                "cluster.cni", show(cluster["cni"]), "egress.strategy cilium_gateway needs cilium as the only CNI"
            )
    if strategy == "external":
        per_lane = ("address", "node_labels")
    for lane_id, lane in _mapping(raw, "lanes").items():
        if not isinstance(lane, Mapping):
            continue
        yield from _needed(lane, f"lanes.{lane_id}", per_lane, f"egress.strategy {strategy}")
        if strategy in ("nat_gateway", "cilium_gateway") and lane.get("address") is not None:
            yield Problem(
                f"lanes.{lane_id}.address",
                show(lane["address"]),
                f"egress.strategy {strategy} has the address allocated; only external names one",
            )
        if lane.get("private_address") is not None and "private_address" not in per_lane and strategy is not None:
            yield Problem(
                f"lanes.{lane_id}.private_address",
                show(lane["private_address"]),
                "only egress.strategy cilium_gateway with a network_interface_id has private addresses; remove it",
            )
        zones = _mapping(egress, "public_subnet_ids")
        if strategy == "nat_gateway" and lane.get("zone") is not None and lane["zone"] not in zones:
            yield Problem(
                f"lanes.{lane_id}.zone",
                show(lane["zone"]),
                f"it must be a zone of egress.public_subnet_ids: {', '.join(map(str, zones)) or 'none yet'}",
            )


def _subnets(raw: Raw) -> Iterator[Problem]:
    """Lane subnets share no address with one another or with services, and lie in the VPC where one is named."""
    networks = _mapping(_mapping(raw, "cluster"), "networks")
    vpc = _networks(networks, "vpc")
    taken = [("cluster.networks.services", network) for network in _networks(networks, "services")]
    for lane_id, lane in _mapping(raw, "lanes").items():
        subnet = _network(lane.get("subnet")) if isinstance(lane, Mapping) and lane.get("subnet") else None
        if subnet is None:
            continue
        key = f"lanes.{lane_id}.subnet"
        for owner, other in taken:
            if subnet.overlaps(other):
                yield Problem(key, show(str(subnet)), f"it must not overlap {other} of {owner}")
        if vpc and not any(subnet.subnet_of(network) for network in vpc):
            yield Problem(key, show(str(subnet)), f"it must lie in cluster.networks.vpc: {', '.join(map(str, vpc))}")
        taken.append((key, subnet))


def _unique_addresses(raw: Raw) -> Iterator[Problem]:
    """Two lanes with one address, or with the same nodes under `external`, are one lane with two names."""
    for field in ("address", "private_address", "node_labels"):
        seen = dict[str, str]()
        for lane_id, lane in _mapping(raw, "lanes").items():
            value = lane.get(field) if isinstance(lane, Mapping) else None
            if not value:
                continue
            text = show(dict(sorted(value.items())) if isinstance(value, Mapping) else str(value))
            if text in seen:
                yield Problem(
                    f"lanes.{lane_id}.{field}", text, f"each lane has its own, and lane {seen[text]} has this one"
                )
            seen.setdefault(text, str(lane_id))


def _incidents(raw: Raw) -> Iterator[Problem]:
    """A campaign with an open incident gets no other lane: moving on to a fresh address is the snowshoe pattern."""
    for lane_id, lane in _mapping(raw, "lanes").items():
        incidents = lane.get("incidents") if isinstance(lane, Mapping) else None
        for incident in incidents if isinstance(incidents, list) else []:
            if not isinstance(incident, Mapping) or incident.get("remediation"):
                continue
            campaign = incident.get("campaign")
            lease = _mapping(raw, "leases").get(campaign)
            if isinstance(lease, Mapping) and lease.get("lane") not in (None, lane_id):
                yield Problem(
                    f"leases.{campaign}.lane",
                    show(lease["lane"]),
                    f"{campaign} has an open incident on lane {lane_id}; write its remediation before another lane is "
                    "leased to it",
                )


def _history(raw: Raw) -> Iterator[Problem]:
    """Leases begin after their lane and end after their beginning."""
    lanes = _mapping(raw, "lanes")
    for campaign, lease in _mapping(raw, "leases").items():
        if not isinstance(lease, Mapping) or not isinstance(lease.get("lane"), str):
            continue
        started, since = _date(_mapping(lanes, lease["lane"]).get("started")), _date(lease.get("since"))
        if started and since and since < started:
            text = f"lane {lease['lane']} came to be on {started}, and a lease can't begin before"
            yield Problem(f"leases.{campaign}.since", show(str(since)), text)
    for lane_id, lane in lanes.items():
        past = lane.get("leases") if isinstance(lane, Mapping) else None
        for index, lease in enumerate(past if isinstance(past, list) else []):
            since, until = (
                _date(lease.get(field)) if isinstance(lease, Mapping) else None for field in ("since", "until")
            )
            if since and until and until < since:
                yield Problem(f"lanes.{lane_id}.leases.{index}.until", show(str(until)), "a lease ends after it began")


def _stages(raw: Raw) -> Iterator[Problem]:
    """A stage is dated, and no lane has more sending days behind it than its calendar has days."""
    for lane_id, lane in _mapping(raw, "lanes").items():
        if not isinstance(lane, Mapping):
            continue
        path, adopted = f"lanes.{lane_id}", _mapping(lane, "adopted")
        started, as_of, adopted_as_of = (
            _date(lane.get("started")),
            _date(lane.get("sending_days_as_of")),
            _date(adopted.get("as_of")),
        )
        if started and adopted_as_of and adopted_as_of > started:
            text = f"the address was warm before it became a lane on {started}; later days belong to sending_days"
            yield Problem(f"{path}.adopted.as_of", show(str(adopted_as_of)), text)
        days = lane.get("sending_days")
        if not isinstance(days, int) or days <= 0:
            continue
        if lane.get("sending_days_as_of") is None:
            text = f"sending_days {days} needs it: the last day with mail that it counts, in quotes"
            yield Problem(f"{path}.sending_days_as_of", "", text)
        elif started and as_of and as_of < started:
            text = f"lane {lane_id} came to be on {started}, and sent nothing before"
            yield Problem(f"{path}.sending_days_as_of", show(str(as_of)), text)
        elif started and as_of:
            earlier = adopted.get("stage")
            most = (as_of - started).days + 1 + (earlier if isinstance(earlier, int) else 0)
            if days > most:
                text = f"from {started} to {as_of} the lane can't have had more than {most}, adopted ones included"
                yield Problem(f"{path}.sending_days", show(days), text)


def _overrides(raw: Raw) -> Iterator[Problem]:
    """An override ends within its lease, which has begun before, and lifts at most 30 days."""
    for campaign, lease in _mapping(raw, "leases").items():
        if not isinstance(lease, Mapping):
            continue
        since, until = _date(lease.get("since")), _date(_mapping(lease, "override").get("until"))
        if not since or not until:
            continue
        first = _first_limit(_mapping(_mapping(raw, "lanes"), str(lease.get("lane"))), since)
        latest = first + LONGEST_OVERRIDE - timedelta(days=1)
        text = ""
        if until < since:
            text = f"the lease begins on {since}, so an override that ends before lifts nothing; remove it or move it"
        elif until > latest:
            text = (
                f"an override lifts at most {LONGEST_OVERRIDE.days} days, and the first one is {first}; write {latest} "
                "or earlier. Later days need another one, with its own reason, once sending_days_as_of has moved on"
            )
        if text:
            yield Problem(f"leases.{campaign}.override.until", show(str(until)), text)


def _first_limit(lane: Raw, since: date) -> date:
    """The first day that has a limit: neither before the lease nor counted in the lane's stage already."""
    counted = _date(lane.get("sending_days_as_of")) or _date(_mapping(lane, "adopted").get("as_of"))
    return max(since, counted + timedelta(days=1)) if counted else since


def _images(raw: Raw) -> Iterator[Problem]:
    if raw.get("images") is not None and raw.get("images_file") is not None:
        yield Problem(
            "images_file", show(str(raw["images_file"])), "images come from one place; remove images or images_file"
        )
