"""Which of several guardians acts: the one whose name stands in a Lease, as Kubernetes' own controllers do it.

Clocks of machines are not compared: a holder counts as gone when the Lease has not changed for its length while this
process watched it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from services.guardian.kubernetes import Api, Away, Conflict
from warmlane import names

NAME = "guardian"
SECONDS = 15
"""Without a renewal for so long the Lease is free; the default of Kubernetes' controllers (client-go)."""
SURE = 10.0
"""Seconds after a renewal for which the holder acts: less, so that it has stopped when another one begins."""
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{names.PLATFORM_NAMESPACE}/leases"


class Leader:
    """One candidate. Times are of a clock that only runs forward, in seconds."""

    def __init__(self, api: Api, identity: str) -> None:
        self._api, self._identity = api, identity
        self._seen: tuple[str, float] | None = None
        """The Lease's resourceVersion, and when it was first seen."""
        self._until = float("-inf")

    def leads(self, now: float) -> bool:
        """Whether it may act at this moment."""
        return now < self._until

    def renew(self, now: float) -> bool:
        """Takes the Lease if it is free, renews it if it is ours; whether it may act.

        `now` is read before the call, so that a slow answer makes the time in which it acts shorter. Raises Refused.
        """
        try:
            lease = self._api.find(f"{LEASES}/{NAME}")
            if lease is None or self._may_take(lease, now):
                version = None if lease is None else lease["metadata"]["resourceVersion"]
                self._api.write(LEASES, self._manifest(lease), version)
                self._until = now + SURE
        except (Conflict, Away):
            # Somebody else was faster, or nobody knows: what was renewed before still runs.
            pass
        return self.leads(now)

    def _may_take(self, lease: dict[str, Any], now: float) -> bool:
        version = lease["metadata"]["resourceVersion"]
        if self._seen is None or self._seen[0] != version:
            self._seen = version, now
        holder = lease["spec"].get("holderIdentity")
        return not holder or holder == self._identity or now - self._seen[1] > SECONDS

    def release(self) -> None:
        """Gives it back, at an orderly end, so that nobody has to wait. Raises Refused, Away."""
        self._until = float("-inf")
        lease = self._api.find(f"{LEASES}/{NAME}")
        if lease is not None and lease["spec"].get("holderIdentity") == self._identity:
            freed = self._manifest(lease)
            freed["spec"]["holderIdentity"] = ""
            self._api.write(LEASES, freed, lease["metadata"]["resourceVersion"])

    def _manifest(self, lease: dict[str, Any] | None) -> dict[str, Any]:
        spec = {} if lease is None else lease["spec"]
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        ours = spec.get("holderIdentity") == self._identity
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": NAME, "namespace": names.PLATFORM_NAMESPACE},
            "spec": {
                "holderIdentity": self._identity,
                "leaseDurationSeconds": SECONDS,
                "acquireTime": spec["acquireTime"] if ours else now,
                "renewTime": now,
                "leaseTransitions": int(spec.get("leaseTransitions") or 0) + (not ours),
            },
        }
