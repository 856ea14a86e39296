"""What pod and gate agree on for the handover of a queue."""

from __future__ import annotations

GRACE_SECONDS = 600
"""Seconds that a pod which is told to stop has to let mail out and to hand the rest to a sibling."""
