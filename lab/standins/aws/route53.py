"""Route 53 hosted zones and records."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from lab.standins.aws.clients import Aws
from lab.standins.aws.rows import OUTPUT, SCHEMAS, Property, ResourceType
from lab.standins.values import Values

NO_ZONE = frozenset({"NoSuchHostedZone"})


def _plain(name: Any) -> str:
    """A DNS name as the schema compares it: lower case, without final dot."""
    return str(name).lower().rstrip(".")


def _full_name(aws: Aws, zone: str, name: str) -> str:
    """A record's whole name: the schema lets the program leave out the zone's domain."""
    domain = _plain(aws.route53.get_hosted_zone(Id=zone)["HostedZone"]["Name"])
    plain = _plain(name)
    if not plain:
        return domain
    return plain if plain == domain or plain.endswith("." + domain) else f"{plain}.{domain}"


def _find(aws: Aws, zone: str, name: str, kind: str, set_identifier: str | None) -> dict[str, Any] | None:
    listed = aws.route53.list_resource_record_sets(
        HostedZoneId=zone, StartRecordName=name, StartRecordType=kind, MaxItems="10"
    )
    for record in listed["ResourceRecordSets"]:
        found = _plain(record["Name"]).replace("\\052", "*"), record["Type"], record.get("SetIdentifier")
        if found == (name, kind, set_identifier):
            return dict(record)
    return None


def _record_set(name: str, values: Values) -> dict[str, Any]:
    record = {
        "Name": name,
        "Type": values["type"],
        "TTL": values["ttl"],
        "ResourceRecords": [{"Value": _quoted(values["type"], value)} for value in values["records"]],
    }
    return record | ({"SetIdentifier": values["setIdentifier"]} if values.get("setIdentifier") else {})


def _quoted(kind: str, value: str) -> str:
    """TXT values are quoted on the wire, and not in the program."""
    return f'"{value}"' if kind in ("TXT", "SPF") and not value.startswith('"') else value


def _unquoted(kind: str, value: str) -> str:
    return value[1:-1] if kind in ("TXT", "SPF") and value.startswith('"') else value


def _change(aws: Aws, zone: str, action: str, record: dict[str, Any]) -> None:
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    change = aws.route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)["ChangeInfo"]
    if change["Status"] != "INSYNC":
        aws.route53.get_waiter("resource_record_sets_changed").wait(Id=change["Id"])


def _parts(record_id: str) -> tuple[str, str, str, str | None]:
    """Zone, name, type and set identifier of an id, `ZONE_NAME_TYPE[_SET]`; a name may have underscores."""
    zone, _, rest = record_id.partition("_")
    words = rest.split("_")
    at = next((index for index in range(len(words) - 1, 0, -1) if words[index].isupper()), len(words) - 1)
    return zone, "_".join(words[:at]), words[at], "_".join(words[at + 1 :]) or None


def _create_record(aws: Aws, values: Values) -> str:
    zone = str(values["zoneId"])
    name = _full_name(aws, zone, values["name"])
    _change(aws, zone, "UPSERT" if values.get("allowOverwrite") else "CREATE", _record_set(name, values))
    end = f"_{values['setIdentifier']}" if values.get("setIdentifier") else ""
    return f"{zone}_{name}_{values['type']}{end}"


def _read_record(aws: Aws, record_id: str, known: Values) -> Values | None:
    zone, name, kind, set_identifier = _parts(record_id)
    full = _full_name(aws, zone, name)
    found = _find(aws, zone, full, kind, set_identifier)
    if found is None:
        return None
    given = known.get("name")
    return {
        "zoneId": zone,
        "name": given if given is not None and _full_name(aws, zone, given) == full else full,
        "type": kind,
        "ttl": found.get("TTL"),
        "records": [_unquoted(kind, record["Value"]) for record in found.get("ResourceRecords") or ()],
        "setIdentifier": set_identifier,
        "fqdn": full,
    }


def _update_record(aws: Aws, record_id: str, _: Values, new: Values) -> None:
    zone, name, _kind, _set = _parts(record_id)
    _change(aws, zone, "UPSERT", _record_set(_full_name(aws, zone, name), new))


def _delete_record(aws: Aws, record_id: str, _: Values) -> None:
    zone, name, kind, set_identifier = _parts(record_id)
    # Deleted with the values that it has now: Route 53 refuses any others.
    found = _find(aws, zone, _full_name(aws, zone, name), kind, set_identifier)
    if found is not None:
        _change(aws, zone, "DELETE", found)


RECORD = ResourceType(
    token="aws:route53/record:Record",
    source=f"{SCHEMAS}: internal/service/route53/record.go, resourceRecord",
    properties={
        "zoneId": Property(required=True, replaces=True),
        "name": Property(required=True, replaces=True, normal=_plain),
        # The schema has these two changeable, with a new id; here a new id is a new resource.
        "type": Property(required=True, replaces=True),
        "setIdentifier": Property(replaces=True),
        # Optional in the schema for the sake of aliases, which this row leaves out.
        "ttl": Property(required=True),
        "records": Property(required=True, unordered=True),
        "allowOverwrite": Property(computed=True, unread=True),
        "fqdn": OUTPUT,
    },
    create=_create_record,
    read=_read_record,
    update=_update_record,
    delete=_delete_record,
    tagged=False,
    regional=False,
    gone=NO_ZONE,
)


def _create_zone(aws: Aws, values: Values) -> str:
    # The reference is what makes two zones of one name two.
    created = aws.route53.create_hosted_zone(
        Name=values["name"],
        CallerReference=str(uuid4()),
        HostedZoneConfig={"Comment": values["comment"], "PrivateZone": False},
    )
    zone = str(created["HostedZone"]["Id"]).rpartition("/")[2]
    _tag_zone(aws, zone, {}, values)
    return zone


def _tag_zone(aws: Aws, zone: str, old: Values, new: Values) -> None:
    before, after = old.get("tagsAll") or {}, new["tagsAll"]
    removed = [key for key in before if key not in after]
    changed = [{"Key": key, "Value": value} for key, value in after.items() if before.get(key) != value]
    changes = ({"RemoveTagKeys": removed} if removed else {}) | ({"AddTags": changed} if changed else {})
    if changes:
        aws.route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone, **changes)


def _read_zone(aws: Aws, zone: str, _: Values) -> Values | None:
    found = aws.route53.get_hosted_zone(Id=zone)
    tags = aws.route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone)["ResourceTagSet"]["Tags"]
    servers = sorted((found.get("DelegationSet") or {}).get("NameServers") or [])
    return {
        "arn": f"arn:aws:route53:::hostedzone/{zone}",
        "comment": found["HostedZone"].get("Config", {}).get("Comment"),
        "name": _plain(found["HostedZone"]["Name"]),
        "nameServers": servers,
        "primaryNameServer": servers[0] if servers else None,
        "zoneId": zone,
        "tagsAll": {tag["Key"]: tag["Value"] for tag in tags},
    }


def _update_zone(aws: Aws, zone: str, old: Values, new: Values) -> None:
    if old.get("comment") != new.get("comment"):
        aws.route53.update_hosted_zone_comment(Id=zone, Comment=new["comment"])
    _tag_zone(aws, zone, old, new)


def _delete_zone(aws: Aws, zone: str, _: Values) -> None:
    aws.route53.delete_hosted_zone(Id=zone)


ZONE = ResourceType(
    token="aws:route53/zone:Zone",
    source=f"{SCHEMAS}: internal/service/route53/zone.go, resourceZone",
    properties={
        "name": Property(required=True, replaces=True, normal=_plain),
        # pulumi-aws sets its own default, so that nobody reads "Managed by Terraform".
        "comment": Property(default="Managed by Pulumi"),
        "arn": OUTPUT,
        "nameServers": OUTPUT,
        "primaryNameServer": OUTPUT,
        "zoneId": OUTPUT,
    },
    create=_create_zone,
    read=_read_zone,
    update=_update_zone,
    delete=_delete_zone,
    regional=False,
    gone=NO_ZONE,
)

ROWS = (RECORD, ZONE)
