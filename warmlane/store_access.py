"""What is derived from the store's one key. A campaign's sender mounts its password for the store, the keys that hash
recipients, and the key under which its pods hand mail to one another; unsubscribe tokens are signed by keys from here.

Each purpose has a word of its own in what is hashed, so that no derived secret tells another.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence

from warmlane.unsubscribe import campaign_key

PASSWORD_FILE = "password"
SUPPRESSION_KEYS_FILE = "suppression_keys.json"
HANDOVER_KEY_FILE = "handover_key"
FILES = (PASSWORD_FILE, SUPPRESSION_KEYS_FILE, HANDOVER_KEY_FILE)
"""Keys of the Secret `sender-store`."""
UNSUBSCRIBE_ROOTS_FILE = "unsubscribe_keys.json"
"""File of the service that answers unsubscribe tokens, beside its password."""


def role_password(store_key: str, campaign: str) -> str:
    """The password of the campaign's role in the store, 64 hex digits."""
    return _derived(store_key, f"role password of campaign {campaign}")


def suppression_keys(store_key: str, ids: Sequence[str]) -> str:
    """The keys by which recipients are hashed, as JSON: a list of id and key (64 hex digits), the writing one first.

    They are the organisation's: a recipient who is suppressed for all is found under one hash by every campaign.
    """
    return json.dumps([{"id": id_, "key": _derived(store_key, f"suppression key {id_}")} for id_ in ids])


def handover_key(store_key: str, campaign: str) -> str:
    """The key that seals the mail which the campaign's pods hand over or leave behind, 64 hex digits."""
    return _derived(store_key, f"handover key of campaign {campaign}")


def unsubscribe_roots(store_key: str, ids: Sequence[str]) -> str:
    """The keys that every campaign's unsubscribe key comes from, as JSON, by the ids of the keys that hash recipients:
    a list of id and key (64 hex digits)."""
    return json.dumps([{"id": id_, "key": _unsubscribe_root(store_key, id_)} for id_ in ids])


def unsubscribe_key(store_key: str, id_: str, campaign: str) -> str:
    """The key that signs a campaign's unsubscribe tokens, as JSON: id and key (64 hex digits)."""
    return json.dumps({"id": id_, "key": campaign_key(_unsubscribe_root(store_key, id_), campaign)})


def _unsubscribe_root(store_key: str, id_: str) -> str:
    return _derived(store_key, f"unsubscribe key {id_}")


def _derived(store_key: str, purpose: str) -> str:
    return hmac.new(store_key.encode(), purpose.encode(), hashlib.sha256).hexdigest()
