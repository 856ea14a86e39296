"""What a campaign needs for the platform's store, derived from the store's one key: its password and the hash keys.

Each purpose has a word of its own in what is hashed, so that no derived secret tells another.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence

PASSWORD_FILE = "password"
SUPPRESSION_KEYS_FILE = "suppression_keys.json"
FILES = (PASSWORD_FILE, SUPPRESSION_KEYS_FILE)
"""Keys of the Secret `sender-store`."""


def role_password(store_key: str, campaign: str) -> str:
    """The password of the campaign's role in the store, 64 hex digits."""
    return _derived(store_key, f"role password of campaign {campaign}")


def suppression_keys(store_key: str, ids: Sequence[str]) -> str:
    """The keys by which recipients are hashed, as JSON: a list of id and key (64 hex digits), the writing one first.

    They are the organisation's: a recipient who is suppressed for all is found under one hash by every campaign.
    """
    return json.dumps([{"id": id_, "key": _derived(store_key, f"suppression key {id_}")} for id_ in ids])


def _derived(store_key: str, purpose: str) -> str:
    return hmac.new(store_key.encode(), purpose.encode(), hashlib.sha256).hexdigest()
