"""What the gate asks before a message leaves finds an unsubscribe that came after the message was taken."""

from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from services.sender.gate.suppressions import MountedKeys, Recipients, StoredSuppressions
from services.store.database import database
from services.store.migrate import upgrade
from services.store.suppression_keys import parse_keys
from services.unsubscribe.app import Application
from services.unsubscribe.counts import Counts
from warmlane.recipients.address import parse
from warmlane.store_access import suppression_keys, unsubscribe_key, unsubscribe_roots
from warmlane.unsubscribe import Request, Scope, parse_key, parse_roots, token, url

STORE_KEY, IDS = "a store's key", ["2", "1"]


def is_suppressed(engine: Engine, keys: Path, campaign: str, address: str) -> bool:
    async def asked() -> bool:
        stored = StoredSuppressions(engine, campaign)
        try:
            return await Recipients(MountedKeys(keys), stored).suppressed(address)
        finally:
            stored.close()

    return asyncio.run(asked())


@pytest.mark.parametrize(("scope", "elsewhere"), [(Scope.ORGANISATION, True), (Scope.CAMPAIGN, False)])
def test_a_message_that_waits_does_not_leave(tmp_path: Path, scope: Scope, elsewhere: bool) -> None:
    keys = tmp_path / "suppression_keys.json"
    keys.write_text(suppression_keys(STORE_KEY, IDS))
    engine = database(f"sqlite:///{tmp_path}/store.db")
    upgrade(engine)
    hashed = parse_keys(keys.read_text()).written(parse("Person@Example.com"))
    sent = token(parse_key(unsubscribe_key(STORE_KEY, "2", "spring-sale")), Request("spring-sale", hashed))
    assert not is_suppressed(engine, keys, "spring-sale", "person@example.com")

    roots = parse_roots(unsubscribe_roots(STORE_KEY, IDS))
    service = Application(engine, lambda: roots, scope, Counts(CollectorRegistry()), print)
    body = b"List-Unsubscribe=One-Click"
    form = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(len(body))}
    statuses = list[str]()
    service(
        {"REQUEST_METHOD": "POST", "PATH_INFO": url("", sent), "wsgi.input": BytesIO(body), **form},
        lambda status, headers, error=None: statuses.append(status) or (lambda octets: None),
    )
    assert statuses == ["200 OK"]
    assert is_suppressed(engine, keys, "spring-sale", "PERSON@example.COM")
    assert is_suppressed(engine, keys, "newsletter", "person@example.com") is elsewhere
    assert not is_suppressed(engine, keys, "spring-sale", "other@example.com")

    # A rotation meanwhile: the key that hashed the recipient is the one before the writing one now.
    keys.write_text(suppression_keys(STORE_KEY, ["3", "2"]))
    assert is_suppressed(engine, keys, "spring-sale", "person@example.com")
    engine.dispose()
