"""Resources that would outlive their removal from state: the engine shows a rule no `retain_on_delete`, render does."""

from __future__ import annotations

from collections.abc import Iterator

from cli.render.recording import Recording
from warmlane import names

MAY_STAY = ("kubernetes:networking.k8s.io/v1:NetworkPolicy", names.SMTP_EGRESS_POLICY)
"""Type and name of what a campaign's program hands to another owner: dropping it from state must not close mail."""


def kept(recording: Recording) -> Iterator[str]:
    """A sentence for each resource that nobody would delete any more once it is out of the program."""
    is_campaign = recording.project == names.CAMPAIGN_PROJECT
    for made in recording.registrations:
        metadata = made.inputs.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        if made.retain_on_delete and not (is_campaign and (made.type, name) == MAY_STAY):
            yield (
                f"The stack {recording.stack} would leave {made.type} {made.name} behind when it removes it, as its "
                f"option retain_on_delete says; only {names.SMTP_EGRESS_POLICY} of a campaign may stay. Remove the "
                "option."
            )
