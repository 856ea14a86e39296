"""The record of a campaign's hold, asked from the environment's cluster when the program starts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from campaigns import kubectl
from campaigns.kubectl import Silent
from warmlane import hold, names

MANAGER = "warmlane-hold"
"""Field manager of record and mirror, the same as that of `warmlane hold`."""


@dataclass(frozen=True)
class Standing:
    """A record that is there. `record` is None where it can't be read; then a hold stands, and `problem` says why.

    `text` is what stands in it, for its mirror.
    """

    text: str
    record: hold.Record | None
    problem: str = ""

    @property
    def stands(self) -> bool:
        """Whether not one message may leave."""
        return self.record is None or self.record.stands

    @property
    def level(self) -> hold.Level | None:
        """The record's level; None where it can't be read."""
        return self.record.level if self.record else None

    @property
    def told(self) -> str:
        """One clause for people."""
        return self.record.told if self.record else f"on hold, as its record can't be read: {self.problem}."


def standing(context: str, campaign: str) -> Standing | None:
    """The record, asked through the person's kubeconfig by kubectl; None where there is none. Raises Silent."""
    found = kubectl.find(context, _path(names.PLATFORM_NAMESPACE, hold.record_name(campaign)))
    return None if found is None else _of(found)


def restore_mirror(context: str, campaign: str, record: Standing) -> None:
    """Puts a record where the campaign's sender reads it, unless what is there is at least as new. Raises Silent.

    The mirror goes with the campaign's namespace, and a sender that finds none takes it that no hold stands.
    """
    found = kubectl.find(context, _path(names.namespace(campaign), hold.MIRROR))
    there = _of(found) if found is not None else None
    if there and (there.text == record.text or _newer(there, record)):
        return
    manifest = json.dumps(hold.mirror_manifest(campaign, record.text))
    arguments = ("apply", "--server-side", "--force-conflicts", f"--field-manager={MANAGER}", "-f", "-")
    done = kubectl.run(context, *arguments, text=manifest)
    if done.returncode != 0:
        raise Silent(done.stderr.strip())


def _newer(there: Standing, record: Standing) -> bool:
    """Whether a mirror says more than the record; one that can't be read never does, nor does a release beside a
    record that can't be read."""
    if there.record is None:
        return False
    return there.record.stands if record.record is None else there.record.sequence > record.record.sequence


def _of(document: dict[str, Any]) -> Standing:
    text = str((document.get("data") or {}).get(hold.KEY, ""))
    try:
        return Standing(text, hold.of_config_map(document))
    except hold.UnreadableHold as error:
        return Standing(text, None, str(error))


def _path(namespace: str, name: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps/{name}"
