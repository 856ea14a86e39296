"""What the keeper is told, in files that the kubelet keeps up to date."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from warmlane import names
from warmlane.lane_history import HISTORY_KEY, Unknown, read_history
from warmlane.pacing.history import Base

ROOT = Path("/etc/warmlane")
LEASE_TABLE, HISTORY, ROLES = "lease-table", "lane-history", "roles"
"""Folders below ROOT."""

_ID = re.compile(names.ID_PATTERN)


class MountError(Exception):
    """What is mounted can't be read or does not fit together; nothing is changed by it."""


@dataclass(frozen=True)
class Wanted:
    """How the store should be."""

    leases: Mapping[str, str | None]
    """By lane, the campaign that holds it."""
    histories: Mapping[str, Base | Unknown]
    """By lane, where its counters begin, if it has none."""
    passwords: Mapping[str, str] = field(repr=False)
    """By campaign, the password of its role."""


def read(root: Path = ROOT) -> Wanted:
    """How the store should be, by the mounted files. Raises MountError."""
    try:
        leases = {lane: holder.strip() or None for lane, holder in _files(root / LEASE_TABLE).items()}
        history = (root / HISTORY / HISTORY_KEY).read_text()
        passwords = {campaign: secret.rstrip("\r\n") for campaign, secret in _files(root / ROLES).items()}
    except (OSError, UnicodeDecodeError) as error:
        raise MountError(f"a mounted file can't be read: {error}") from error
    try:
        histories = read_history(history)
    except ValueError as error:
        raise MountError(f"ConfigMap {names.LANE_HISTORY_CONFIG_MAP}, key {HISTORY_KEY}: {error}") from error
    holders = [holder for holder in leases.values() if holder]
    _check([*leases, *holders, *passwords])
    twice = sorted({holder for holder in holders if holders.count(holder) > 1})
    if twice:
        raise MountError(
            f"ConfigMap {names.LEASE_TABLE_CONFIG_MAP} gives two lanes to {', '.join(twice)}; one is allowed"
        )
    empty = sorted(campaign for campaign, password in passwords.items() if not password)
    if empty:
        raise MountError(f"Secret {names.STORE_ROLES_SECRET} has an empty password for {', '.join(empty)}")
    return Wanted(leases, histories, passwords)


def _files(directory: Path) -> dict[str, str]:
    """The keys of a mounted ConfigMap or Secret; the kubelet's own entries begin with a dot."""
    return {path.name: path.read_text() for path in sorted(directory.iterdir()) if not path.name.startswith(".")}


def _check(ids: list[str]) -> None:
    wrong = sorted({each for each in ids if not _ID.match(each) or len(each) > names.ID_LENGTH})
    if wrong:
        raise MountError(f"{', '.join(map(repr, wrong))}: no id of a lane or a campaign")
