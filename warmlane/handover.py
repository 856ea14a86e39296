"""What pod and gate agree on for the handover of a queue."""

from __future__ import annotations

EXPORTED_DIRECTORY = "/var/lib/warmlane/exported"
"""Where both containers have the volume for what no sibling took, under `spool: handover`."""
GRACE_SECONDS = 600
"""Seconds that a pod which is told to stop has to let mail out and to hand the rest to a sibling."""
EXPORT_SECONDS = 120
"""The last of them, in which no sibling is asked any more and what is left goes onto the volume."""
KEEPS_AFTER_SECONDS = 120
"""Seconds after which a pod with a volume of its own keeps what no sibling took, as that outlives it."""
