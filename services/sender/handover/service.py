"""The gate's part in handovers: takes from siblings and from the volume while it runs, gives when its pod goes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable
from pathlib import Path

from services.sender.gate.spool import Spool
from services.sender.gate.today import Deployed
from services.sender.handover.exports import Exports
from services.sender.handover.landing import Landing
from services.sender.handover.leaving import Leaving
from services.sender.handover.listener import Listener
from services.sender.handover.memory import Memory
from services.sender.handover.sealing import mounted_key
from services.sender.handover.siblings import Resolve, Siblings, ready_pods
from services.sender.handover.tally import Tally
from services.sender.settings import LOG_DIRECTORY
from warmlane import names
from warmlane.campaign import Spool as SpoolKind
from warmlane.handover import EXPORT_SECONDS, EXPORTED_DIRECTORY, GRACE_SECONDS, KEEPS_AFTER_SECONDS

LOOKED_EVERY = 10.0
"""Seconds between two looks at the volume."""
LAST_SECONDS = 10.0
"""Of the grace period, for the process to end by itself."""


class Handover:
    """One pod's. `key` gives the mounted key, `resolve` the addresses of the campaign's ready pods."""

    def __init__(
        self,
        deployed: Deployed,
        spool: Path,
        say: Callable[[str], None],
        *,
        exported: Path = Path(EXPORTED_DIRECTORY),
        memory: Path = LOG_DIRECTORY / "handover.taken",
        key: Callable[[], bytes] = mounted_key,
        resolve: Resolve | None = None,
        pod: str = socket.gethostname(),
    ) -> None:
        self._say, self._spool, self._pod, self._kind = say, spool, pod, deployed.spool
        self.tally = Tally()
        self._landing = Landing(spool, Memory(memory), deployed.spool_mib)
        self._listener = Listener(self._landing, deployed.campaign, key, self.tally, say)
        self._siblings = Siblings(deployed.campaign, resolve or (lambda: ready_pods(deployed.campaign)), key)
        self._exports = Exports(exported, deployed.campaign, key) if exported.is_dir() else None
        self._importing: asyncio.Task[None] | None = None
        self._stops = asyncio.Event()

    async def start(self, host: str = "0.0.0.0", port: int = names.SIBLINGS_PORT) -> int:
        """Takes from siblings and from the volume; returns the port. Raises OSError when it is taken."""
        port = await self._listener.listen(host, port)
        self._importing = asyncio.create_task(self._import())
        return port

    def deployed(self, deployed: Deployed) -> None:
        """Takes over another size of the spool."""
        self._landing.resize(deployed.spool_mib)

    async def stop_taking(self) -> None:
        """Takes nothing more; returns when what was being taken is on disk or given up."""
        self._listener.refuse()
        self._stops.set()
        if self._importing:
            await self._importing
        await self._listener.settled()

    async def empty(self, told: float) -> None:
        """Gives the queue away, if it does not outlive this pod; `told` is when the pod was told to stop, in seconds of
        the monotonic clock."""
        if keeps_queue(self._kind, self._pod):
            return
        leaving = Leaving(
            Spool(self._spool), self._siblings, self._exports, self.tally, self._say, forget=self._landing.forget
        )
        if self._kind is SpoolKind.PERSISTENT:
            await leaving.empty(told + KEEPS_AFTER_SECONDS, told)
        else:
            await leaving.empty(told + GRACE_SECONDS - EXPORT_SECONDS, told + GRACE_SECONDS - LAST_SECONDS)

    def close(self) -> None:
        """Ends the listener."""
        self._listener.close()

    async def _import(self) -> None:
        while self._exports and not self._stops.is_set():
            try:
                await asyncio.to_thread(self._exports.take_in, self._landing, self.tally, self._say, self._stops.is_set)
            except OSError as error:
                self._say(f"the volume of what pods have left behind fails: {error}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stops.wait(), LOOKED_EVERY)


def keeps_queue(kind: SpoolKind, pod: str) -> bool:
    """Whether a pod's queue outlives it for sure.

    A volume of its own does. But a pod with a number above 0 may go for good, and can't know: its config may not have
    reached it yet. So it gives what others take, and keeps the rest.
    """
    number = pod.rpartition("-")[2]
    return kind is SpoolKind.PERSISTENT and not (number.isdigit() and int(number) > 0)


def postfix_runs(spool: Path) -> bool:
    """Whether Postfix' queue manager is there: its master listens for it on this socket until it ends."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as queue_manager:
            queue_manager.settimeout(1.0)
            queue_manager.connect(str(spool / "public/qmgr"))
    except OSError:
        return False
    return True


class Watch:
    """Tells when Postfix has ended: when it was away in two looks a second apart."""

    def __init__(self, spool: Path, steady: Callable[[], float] = time.monotonic) -> None:
        self._spool, self._steady = spool, steady
        self._gone_since: float | None = None

    def ended(self) -> bool:
        """One look."""
        if postfix_runs(self._spool):
            self._gone_since = None
            return False
        if self._gone_since is None:
            self._gone_since = self._steady()
        return self._steady() - self._gone_since >= 1.0
