"""Admission, release and handover of one sender, put together from its config, its store and its hold."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from services.sender.gate import admission, from_header, queues
from services.sender.gate.admission import Gatekeeper
from services.sender.gate.backlog import MIB, Backlog
from services.sender.gate.counts import Counts
from services.sender.gate.deliverer import Deliverer
from services.sender.gate.held import HoldMirror
from services.sender.gate.lane_identity import LaneIdentity
from services.sender.gate.ledger import Ledger, mounted_engine
from services.sender.gate.metrics import Release
from services.sender.gate.routing import ProviderRoutes
from services.sender.gate.spool import Spool
from services.sender.gate.suppressions import MountedKeys, Recipients, StoredSuppressions
from services.sender.gate.today import Deployed
from services.sender.gate.waiting import Waiting
from services.sender.handover.service import Handover
from warmlane.pacing.limits import Restraint
from warmlane.recipients.check import Checker
from warmlane.recipients.resolver import DnsLookup
from warmlane.recipients.routes import MailRoutes

COUNTED_EVERY = 5.0
"""Seconds between two counts of the waiting mail by provider, and between two looks at the mounted identity."""
FINEST = 10_000
"""Denominator of throttle factors, which are decimals of a few digits."""


class Sender:
    """Everything of the gate that needs the deployed config."""

    def __init__(self, deployed: Deployed, spool: Path, counts: Counts, say: Callable[[str], None]) -> None:
        self._deployed = deployed
        engine = mounted_engine(deployed.campaign)
        lookup, keys = DnsLookup(), MountedKeys()
        routes = MailRoutes(lookup)
        suppressions = StoredSuppressions(engine, deployed.campaign)
        mirror = HoldMirror()

        def throttle() -> Fraction:
            return Fraction(mirror.read().throttle).limit_denominator(FINEST)

        def restraint() -> Restraint:
            return Restraint(allowance=None, throttle=throttle(), hold_stands=mirror.read().stands)

        def queued() -> int:
            return sum(queues.sizes(spool).values())

        self._backlog = Backlog(
            lambda: self.deliverer.today,
            queued,
            deployed.max_backlog_days,
            deployed.day_length,
            deployed.replicas,
            throttle,
            octets=lambda: queues.octets(spool),
            space=deployed.spool_mib * MIB,
        )
        self._gatekeeper = Gatekeeper(Checker(routes, keys, suppressions), mirror.stands, self._backlog, told=say)
        self._identity = LaneIdentity(deployed.hostname, lookup)
        self._waiting = Waiting(Spool(spool), ProviderRoutes(routes).provider)
        self.ledger = Ledger(engine, deployed.lane, deployed.day_length, socket.gethostname())
        self.deliverer = Deliverer(
            Spool(spool),
            self._waiting,
            self.ledger,
            deployed.warm_up,
            counts,
            restraint=restraint,
            stood=mirror.stood,
            suppressed=Recipients(keys, suppressions).suppressed,
            unproven=self._identity.unproven,
            say=say,
        )
        self.handover = Handover(deployed, spool, say)
        self._admission: asyncio.Server | None = None
        self._following: asyncio.Task[None] | None = None
        self._counted = 0.0
        self._by_provider: dict[str, int] = {}
        self._oldest: dict[str, float] = {}
        self._pauses: dict[str, int] = {}

    @classmethod
    async def made(
        cls,
        deployed: Deployed,
        spool: Path,
        counts: Counts,
        say: Callable[[str], None],
        listener_ended: Callable[[str], None],
    ) -> Sender:
        """A sender that Postfix can ask. Raises OSError when a port is taken."""
        sender = cls(deployed, spool, counts, say)
        sender._admission = await admission.serve(sender._gatekeeper)
        await sender.handover.start()
        sender._following = asyncio.create_task(sender._identity.follow())
        from_header.serve(deployed.sending_domain, ended=listener_ended)
        return sender

    def takes_over(self, deployed: Deployed) -> bool:
        """Takes over another plan; False when something has changed that only a new process takes over."""
        if deployed.identity != self._deployed.identity:
            return False
        self._deployed = deployed
        self._backlog.days, self._backlog.replicas = deployed.max_backlog_days, deployed.replicas
        self._backlog.space = deployed.spool_mib * MIB
        self.deliverer.deployed(deployed.warm_up)
        self.handover.deployed(deployed)
        return True

    async def step(self) -> bool:
        """One look at everything; whether the next should be soon."""
        busy = await self.deliverer.step()
        if time.monotonic() - self._counted >= COUNTED_EVERY:
            self._by_provider, self._counted = self._waiting.counts(), time.monotonic()
            self._oldest, self._pauses = self._waiting.oldest(time.time()), self.deliverer.provider_pauses()
            self._identity.compare()
        return busy

    async def stop(self) -> None:
        """Takes no more questions and gives back what is left of the tokens."""
        if self._admission:
            self._admission.close()
        if self._following:
            self._following.cancel()
        await self.deliverer.stop()

    def observed(self) -> Release:
        """For metrics, from any thread."""
        closed = self.deliverer.closed
        return Release(
            self.deliverer.limit,
            closed.kind if closed else None,
            self._by_provider,
            len(self._waiting.unreadable),
            self._identity.state(),
            self._gatekeeper.decisions,
            self._oldest,
            self._pauses,
        )
