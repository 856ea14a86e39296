"""A campaign or more with namespaces on a real API server, their counters in a Prometheus, and guardians of it all."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert

from services.guardian.guardian import Cycle, Guardian
from services.guardian.holds import Held, read
from services.guardian.kubernetes import Absent, Api, Object
from services.guardian.prometheus import Prometheus
from services.store.database import database
from services.store.migrate import upgrade
from services.store.tables import ReturnCount
from tests.guardian.prometheus_server import Store
from warmlane import hold, names
from warmlane.hold import Level, Record

CONFIG_MAPS = f"/api/v1/namespaces/{names.PLATFORM_NAMESPACE}/configmaps"
BEGIN = 20_000 * 86_400.0 + 3_600
_numbers = itertools.count()


class Killed(BaseException):
    """The guardian's process ended here."""


class Breaking(Api):
    """A way to the API server on which the guardian is killed at a request: before it is sent, or after it was done."""

    def __init__(self, api: Api, at: int, after: bool) -> None:
        self._real, self._left, self._after = api, at, after

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Object:
        self._left -= 1
        if self._left < 0 and not self._after:
            raise Killed
        answer = self._real.request(method, path, body)
        if self._left < 0:
            raise Killed
        return answer


class World:
    """Campaigns that nobody used before, a store of their own, and time that the test sets."""

    def __init__(self, api: Api, prometheus: Store, directory: Path, campaigns: int = 1) -> None:
        self.api, self.prometheus, self.now = api, prometheus, BEGIN
        self._directory = directory
        self.engine = self.new_store()
        self.campaigns = [f"sale-{next(_numbers)}" for _ in range(campaigns)]
        for namespace in [names.PLATFORM_NAMESPACE, *map(names.namespace, self.campaigns)]:
            self.make_namespace(namespace)
        self.lease({f"lane-{number}": campaign for number, campaign in enumerate(self.campaigns)} | {"free": ""})
        self.guardian = self.started()

    @property
    def campaign(self) -> str:
        """The first one."""
        return self.campaigns[0]

    def new_store(self) -> Engine:
        """A store in which nothing is known."""
        engine = database(f"sqlite:///{self._directory}/store{next(_numbers)}.db")
        upgrade(engine)
        return engine

    def lease(self, table: dict[str, str]) -> None:
        """Writes the lease table, as the environment's program does."""
        there = self.api.find(f"{CONFIG_MAPS}/{names.LEASE_TABLE_CONFIG_MAP}")
        metadata = {"name": names.LEASE_TABLE_CONFIG_MAP, "namespace": names.PLATFORM_NAMESPACE}
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": table}
        self.api.write(CONFIG_MAPS, manifest, there["metadata"]["resourceVersion"] if there else None)

    def make_namespace(self, name: str) -> None:
        """A namespace, if it is not there."""
        if self.api.find(f"/api/v1/namespaces/{name}") is None:
            manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            self.api.write("/api/v1/namespaces", manifest, None)

    def started(self, api: Api | None = None, dry_run: bool = False) -> Guardian:
        """A guardian's process that has just begun."""
        return Guardian(api or self.api, Prometheus(self.prometheus.url), self.engine, dry_run=dry_run)

    def mail(self, delivered: int, bounced: int, provider: str = "gmail") -> None:
        """Fifteen seconds later each campaign's gate has counted so much in all."""
        self.now += 15
        for campaign in self.campaigns:
            counts = {"delivered": delivered, "bounced": bounced}
            self.prometheus.scrape(self.now, pod=campaign, campaign=campaign, provider=provider, **counts)

    def complaints(self, count: int) -> None:
        """Recipients at Yahoo reported so much of today's mail of the first campaign as spam."""
        row = {"campaign": self.campaign, "lane": "lane-0", "provider": "yahoo", "day": int(self.now // 86_400)}
        with self.engine.begin() as connection:
            values = row | {"kind": "complaint", "class": "abuse", "count": count}
            connection.execute(insert(ReturnCount.__table__).values(values))

    def look(self, guardian: Guardian | None = None) -> Cycle:
        """A cycle, a second later."""
        self.now += 1
        return (guardian or self.guardian).look(self.now)

    def turn_bad(self) -> None:
        """Healthy mail that is seen, and then a list that bounces."""
        self.mail(0, 0)
        self.look()
        self.mail(20, 30)

    def held(self, campaign: str | None = None) -> Held:
        """What stands."""
        return read(self.api, campaign or self.campaign)

    def level(self, campaign: str | None = None) -> Level:
        """What the gate would see, which has to be what the record says."""
        held = self.held(campaign)
        assert held.mirror.text == held.record.text
        return held.mirror.record.level if held.mirror.record else Level.NONE

    def person(self, level: Level, reason: str = "Looked into it.", throttle: str | None = None) -> Record:
        """What `warmlane hold` and `release` write."""
        held, moment = self.held(), datetime.fromtimestamp(self.now, UTC).replace(microsecond=0)
        known = [each.record.sequence for each in (held.record, held.mirror) if each.record]
        part = throttle or ("1" if level is Level.NONE else "0")
        record = Record(
            level=level,
            sequence=hold.next_sequence(known, moment),
            reason=reason,
            by="ops",
            since=moment,
            throttle=part,
        )
        self.api.write(CONFIG_MAPS, hold.record_manifest(self.campaign, record.text()), held.record.version)
        mirrors = f"/api/v1/namespaces/{names.namespace(self.campaign)}/configmaps"
        self.api.write(mirrors, hold.mirror_manifest(self.campaign, record.text()), held.mirror.version)
        return record

    def delete_record(self) -> None:
        """By hand."""
        self._delete(f"{CONFIG_MAPS}/{hold.record_name(self.campaign)}")

    def delete_mirror(self) -> None:
        """By hand."""
        self._delete(f"/api/v1/namespaces/{names.namespace(self.campaign)}/configmaps/{hold.MIRROR}")

    def _delete(self, path: str) -> None:
        with suppress(Absent):
            self.api.request("DELETE", path)
