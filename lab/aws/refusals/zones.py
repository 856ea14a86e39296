"""Hosted zones and their records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.aws.refusals.row import Call, Refusal

Fields = Mapping[str, object] | None

CHANGE = "route53:change_resource_record_sets"
DELETE_ZONE = "route53:delete_hosted_zone"
CHANGES = "API_ChangeResourceRecordSets (Route 53 API reference), InvalidChangeBatch"


def _zone_id(call: Call) -> str:
    # moto calls the same parameter by three names.
    given = next((call.arguments[name] for name in ("zoneid", "zone_id", "id_") if call.arguments.get(name)), "")
    return str(given).replace("/hostedzone/", "")


def _zone(call: Call) -> Any:
    return call.backend.zones.get(_zone_id(call))


def _name(record: Mapping[str, Any]) -> str:
    return str(record["Name"]).lower().rstrip(".") + "."


def _existing(call: Call, record: Mapping[str, Any]) -> Any:
    zone = _zone(call)
    for found in zone.rrsets if zone is not None else ():
        same_set = found.set_identifier == record.get("SetIdentifier")
        if found.name.lower() == _name(record) and found.type == record["Type"] and same_set:
            return found
    return None


def _records(call: Call, action: str) -> list[Mapping[str, Any]]:
    return [change["ResourceRecordSet"] for change in call.arguments["change_list"] if change["Action"] == action]


def _unknown_zone(call: Call) -> Fields:
    return {"zone": _zone_id(call)} if _zone(call) is None else None


def _outside_zone(call: Call) -> Fields:
    zone = _zone(call)
    if zone is None:
        return None
    domain = zone.name.lower().rstrip(".") + "."
    for change in call.arguments["change_list"]:
        name = _name(change["ResourceRecordSet"])
        if name != domain and not name.endswith("." + domain):
            return {"name": name, "domain": domain}
    return None


def _record_exists(call: Call) -> Fields:
    # A batch may delete a record and create it anew: AWS applies the changes in one step.
    deleted = {(_name(record), record["Type"], record.get("SetIdentifier")) for record in _records(call, "DELETE")}
    for record in _records(call, "CREATE"):
        key = (_name(record), record["Type"], record.get("SetIdentifier"))
        if _existing(call, record) is not None and key not in deleted:
            return {"name": _name(record), "type": record["Type"]}
    return None


def _record_missing(call: Call) -> Fields:
    for record in _records(call, "DELETE"):
        if _zone(call) is not None and _existing(call, record) is None:
            return {"name": _name(record), "type": record["Type"]}
    return None


def _record_differs(call: Call) -> Fields:
    for record in _records(call, "DELETE"):
        found = _existing(call, record)
        if found is None:
            continue
        values = sorted(value["Value"] for value in record.get("ResourceRecords") or ())
        if sorted(found.records) != values or int(found.ttl or 0) != int(record.get("TTL") or 0):
            return {"name": _name(record), "type": record["Type"]}
    return None


def _zone_in_use(call: Call) -> Fields:
    zone = _zone(call)
    used = zone is not None and any(record.type not in ("NS", "SOA") for record in zone.rrsets)
    return {} if used else None


ROWS = (
    Refusal(
        "zone-unknown",
        (CHANGE, DELETE_ZONE, "route53:list_resource_record_sets"),
        "NoSuchHostedZone",
        "No hosted zone found with ID: {zone}",
        "API_ChangeResourceRecordSets (Route 53 API reference), NoSuchHostedZone",
        _unknown_zone,
    ),
    Refusal(
        "record-outside-zone",
        (CHANGE,),
        "InvalidChangeBatch",
        "[RRSet with DNS name {name} is not permitted in zone {domain}]",
        CHANGES,
        _outside_zone,
    ),
    Refusal(
        "record-exists",
        (CHANGE,),
        "InvalidChangeBatch",
        "[Tried to create resource record set [name='{name}', type='{type}'] but it already exists]",
        CHANGES,
        _record_exists,
    ),
    Refusal(
        "record-missing",
        (CHANGE,),
        "InvalidChangeBatch",
        "[Tried to delete resource record set [name='{name}', type='{type}'] but it was not found]",
        CHANGES,
        _record_missing,
    ),
    Refusal(
        "record-differs",
        (CHANGE,),
        "InvalidChangeBatch",
        "[Tried to delete resource record set [name='{name}', type='{type}'] but the values provided do not match "
        "the current values]",
        CHANGES,
        _record_differs,
    ),
    Refusal(
        "zone-in-use",
        (DELETE_ZONE,),
        "HostedZoneNotEmpty",
        "The specified hosted zone contains non-required resource record sets and so cannot be deleted.",
        "API_DeleteHostedZone (Route 53 API reference), HostedZoneNotEmpty",
        _zone_in_use,
    ),
)
