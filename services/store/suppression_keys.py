"""The mounted keys under which recipients are hashed."""

from __future__ import annotations

import json
from pathlib import Path

from warmlane.recipients.hashing import HashKey, KeyRing

KEYS_FILE = Path("/etc/warmlane/store/suppression_keys.json")


def parse_keys(text: str) -> KeyRing:
    """The key ring in `suppression_keys.json`: one key, or the new one and the one before it.

    Raises ValueError; its text never holds a key.
    """
    try:
        rows = json.loads(text)
    except ValueError:
        raise ValueError("suppression_keys.json is not JSON") from None
    if not isinstance(rows, list) or not 1 <= len(rows) <= 2:
        raise ValueError("suppression_keys.json: expected a list of one or two keys, the writing one first")
    keys = list[HashKey]()
    for number, row in enumerate(rows):
        if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in ("id", "key")):
            raise ValueError(f"suppression_keys.json: entry {number}: expected an object with the texts `id` and `key`")
        try:
            secret = bytes.fromhex(row["key"])
        except ValueError:
            raise ValueError(f"suppression_keys.json: entry {number}: `key` is not hexadecimal") from None
        keys.append(HashKey(row["id"], secret))
    return KeyRing(*keys)
