"""Which metrics exist: those of the gate's real exposition, and those that Prometheus records itself."""

from __future__ import annotations

import re
from functools import cache

from components.monitoring.recordings import DAY_LENGTH_METRIC, LEASE_METRIC, recording_rules
from services.sender.gate import queues
from services.sender.gate.counts import Counts
from services.sender.gate.metrics import SenderCollector, exposition

_METRIC = r"(?:campaign_lane[a-z_]*:|series:|sender_|warmlane_)[a-z0-9_:]+"


def asked_for(expression: str) -> set[str]:
    """Metrics in a PromQL expression."""
    return set(re.findall(rf"(?<![\w:]){_METRIC}", expression))


@cache
def exported() -> frozenset[str]:
    """Names of everything that can be asked for."""
    collector = SenderCollector(Counts, lambda: dict.fromkeys(queues.QUEUES, 0), lambda: None)
    lines = exposition(collector).decode().splitlines()
    gate = {re.split(r"[{ ]", line)[0] for line in lines if not line.startswith("#")}
    return frozenset(gate | {rule["record"] for rule in recording_rules()} | {DAY_LENGTH_METRIC, LEASE_METRIC})
