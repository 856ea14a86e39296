"""What only a running environment knows, as rules read it: the snapshot that the pack's config names."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from policies import committed
from warmlane.base import Model
from warmlane.snapshot import Snapshot


class SnapshotConfig(Model):
    """What rules that read the snapshot are told.

    It stands under `all` in `policies/config/<environment>.json`, so that all of them, and `warmlane snapshot`, mean
    the same file.
    """

    snapshot: Annotated[str, Field(min_length=1)] = Field(
        default="policies/snapshots/{environment}.json",
        description="File of the environment's snapshot, relative to the repository, under `all`; `{environment}` "
        "stands for its name.",
    )

    def file(self, stack: str) -> str:
        """The file for the environment of a stack."""
        return self.snapshot.replace("{environment}", committed.environment_name(stack))

    def last(self, stack: str) -> Snapshot | None:
        """The last snapshot of the stack's environment, however old; None where there is none. Raises ConfigError."""
        return committed.snapshot(stack, self.file(stack))

    def fresh(self, stack: str) -> Snapshot | None:
        """The last snapshot, if it still tells how things are. Raises ConfigError."""
        found = self.last(stack)
        return found if found and found.is_fresh(committed.now()) else None
