"""A campaign's hold in the cluster: the record in the platform's namespace first, its mirror beside the sender second.

Nothing is remembered between two looks: what is wanted is compared with what stands, so that a guardian that was killed
anywhere, an object that was deleted and a write that got lost all end in the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.guardian.kubernetes import Absent, Api, Conflict
from warmlane import hold, names
from warmlane.feedback import holding
from warmlane.feedback.standing import Standing


@dataclass(frozen=True)
class Found:
    """A ConfigMap of a hold. `version` is None where there is none, `record` where it can't be read."""

    version: str | None = None
    text: str = ""
    record: hold.Record | None = None
    made: datetime | None = None

    @property
    def unreadable(self) -> bool:
        """Whether it is there and nobody can say what it holds: then a hold stands, and a person has to look."""
        return self.version is not None and self.record is None


@dataclass(frozen=True)
class Held:
    """What stands for a campaign."""

    record: Found
    mirror: Found

    @property
    def standing(self) -> hold.Record | None:
        """The record, or the mirror's where the record was deleted: no hold has a single copy."""
        if self.record.version is not None:
            return self.record.record
        mirrored = self.mirror.record
        return mirrored if mirrored is not None and mirrored.level is not hold.Level.NONE else None


def read(api: Api, campaign: str) -> Held:
    """What stands. Raises Refused, Away."""
    record = api.find(f"{_collection(names.PLATFORM_NAMESPACE)}/{hold.record_name(campaign)}")
    return Held(_found(record), _found(api.find(f"{_collection(names.namespace(campaign))}/{hold.MIRROR}")))


def settle(api: Api, campaign: str, held: Held, standing: Standing, reason: str, now: float) -> list[str]:
    """Brings record and mirror to what the standing wants, and tells what was written: `record`, `mirror`.

    Whatever somebody else wrote at the same moment stands; the next look sees it. A record that can't be read stands,
    too. Raises Refused, Away.
    """
    if held.record.unreadable:
        return []
    stands, done = held.standing, []
    try:
        text = None
        if holding.wanted(standing, stands):
            text = _decided(held, standing, reason, now).text()
        elif stands is not None and held.record.version is None:
            text = held.mirror.text
        if text is not None:
            manifest = hold.record_manifest(campaign, text)
            api.write(_collection(names.PLATFORM_NAMESPACE), manifest, held.record.version)
            stands = hold.parse(text)
            done.append("record")
        else:
            text = held.record.text
        mirrored = held.mirror.record
        if stands is not None and (mirrored is None or mirrored.sequence < stands.sequence):
            manifest = hold.mirror_manifest(campaign, text)
            api.write(_collection(names.namespace(campaign)), manifest, held.mirror.version)
            done.append("mirror")
    except Conflict:
        pass
    except Absent:
        # The campaign has no namespace now, and so no sender; its record stands for the next one.
        pass
    return done


def _decided(held: Held, standing: Standing, reason: str, now: float) -> hold.Record:
    both = (held.record, held.mirror)
    known = [each.record for each in both if each.record is not None]
    return holding.written(standing, reason, known, [each.made for each in both if each.unreadable and each.made], now)


def _found(document: dict[str, Any] | None) -> Found:
    if document is None:
        return Found()
    version, made = document["metadata"]["resourceVersion"], document["metadata"]["creationTimestamp"]
    text = (document.get("data") or {}).get(hold.KEY, "")
    try:
        record = hold.of_config_map(document)
    except hold.UnreadableHold:
        record = None
    return Found(version, text, record, datetime.fromisoformat(made))


def _collection(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps"
