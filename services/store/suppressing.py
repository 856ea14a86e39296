"""Suppressions that a person adds or counts, from inside the store's pod: `warmlane suppress` runs this in the keeper.

Only there are the owner's way into the database and the keys that addresses are hashed with. Addresses come by standard
input and are stored as keyed hashes; none is written anywhere else, a refusal names its position only.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from services.store.database import StoreUnavailable, database, transaction
from services.store.keeper.__main__ import url
from services.store.suppression_keys import KEYS_FILE, parse_keys
from services.store.suppressions import Entry, Kind, suppress, tallies
from warmlane import names
from warmlane.recipients.address import MalformedAddress, parse
from warmlane.recipients.hashing import KeyRing


def answer(engine: Engine, keys: KeyRing, given: Mapping[str, Any], now: int) -> dict[str, Any]:
    """What comes of a request; `now` in seconds since 1970 UTC. Raises StoreUnavailable.

    `{"do": "list"}` gives `{"tallies": [...]}`. `{"do": "add"}` with `addresses`, `kind`, `campaign` (empty: the whole
    organisation) and `expires` (seconds since 1970 UTC, or null) gives `stored`, a number, and `refused`, a list of
    `{"position", "why"}`: what is no address is refused, all others are stored.
    """
    with transaction(engine) as connection:
        if given["do"] == "list":
            return {"tallies": [asdict(tally) for tally in tallies(connection)]}
        entries, refused = list[Entry](), list[dict[str, Any]]()
        kind, campaign, expires = Kind(given["kind"]), given["campaign"], given["expires"]
        for position, address in enumerate(given["addresses"]):
            try:
                entries.append(Entry(keys.written(parse(address)), kind, now, campaign, expires))
            except MalformedAddress as error:
                refused.append({"position": position, "why": str(error)})
        suppress(connection, entries)
        return {"stored": len(entries), "refused": refused}


def main(arguments: Sequence[str] = ()) -> None:
    """Reads one JSON request and prints one JSON answer, `{"error": ...}` when it failed."""
    try:
        keys = parse_keys(Path(arguments[0] if arguments else KEYS_FILE).read_text())
        engine = database(url(names.STORE_DATABASE), connections=1)
        said = answer(engine, keys, json.load(sys.stdin), int(time.time()))
    except (OSError, ValueError, StoreUnavailable, SQLAlchemyError) as error:
        # The type and the first line only: a statement's values are hashes, and there may be many.
        said = {"error": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"}
    json.dump(said, sys.stdout)
