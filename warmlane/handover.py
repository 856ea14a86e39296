"""What pod and gate agree on for the handover of a queue."""

from __future__ import annotations

EXPORTED_DIRECTORY = "/var/lib/warmlane/exported"
"""Where both containers have the volume for what no sibling took, under `spool: handover`."""
GRACE_SECONDS = 600
"""Seconds that a pod which is told to stop has to let mail out and to hand the rest to a sibling."""
