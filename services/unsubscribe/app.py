"""The service as a WSGI application."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from services.store.database import StoreUnavailable, transaction
from services.store.tables import WHOLE_ORGANISATION
from services.store.unsubscribes import unsubscribe
from services.unsubscribe.counts import Counts, Result
from services.unsubscribe.form import LARGEST, is_one_click
from services.unsubscribe.keys import KeysUnusable
from services.unsubscribe.page import HEADERS, PAGE
from warmlane.unsubscribe import PATH, Request, Scope, TokenRefused, read

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

WRITES_AT_ONCE = 4
"""Connections to the store, and requests that write to it at the same time."""
SECONDS_FOR_A_TURN = 2.0
"""For which a request waits for its turn at the store; then it is told to come again."""
RETRY_AFTER = 120
"""Seconds after which a request that could not be fulfilled may come again; mailbox providers do come again."""
DONE = b"You are unsubscribed.\n"
WRONG = b"This address is not valid.\n"
LATER = b"This can't be done now, and nothing has been changed. Please try again later.\n"


@dataclass(frozen=True)
class Answer:
    """A response."""

    status: HTTPStatus
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "text/plain; charset=utf-8"


@dataclass
class Application:
    """Answers one request at a time in each thread. `roots` raises KeysUnusable; `clock` gives seconds since 1970."""

    engine: Engine
    roots: Callable[[], Mapping[str, str]]
    scope: Scope
    counts: Counts
    say: Callable[[str], None]
    clock: Callable[[], float] = time.time
    seconds_for_a_turn: float = SECONDS_FOR_A_TURN
    _told: str = ""
    _turns: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(WRITES_AT_ONCE))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """WSGI (PEP 3333). A request's path is never logged: it is what unsubscribes."""
        answer = self._answer(environ)
        fixed = (("Content-Type", answer.content_type), ("Content-Length", str(len(answer.body))))
        status = f"{answer.status.value} {answer.status.phrase}"
        start_response(status, [*fixed, *HEADERS, *answer.headers])
        return [answer.body]

    def _answer(self, environ: WSGIEnvironment) -> Answer:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        if path == "/healthz":
            return Answer(HTTPStatus.OK, b"ok\n") if method == "GET" else self._method("GET")
        if not path.startswith(PATH):
            return self._refused(Result.NOT_FOUND, HTTPStatus.NOT_FOUND)
        if method not in ("GET", "POST"):
            return self._method("GET, POST")
        try:
            request = read(self.roots(), path.removeprefix(PATH))
        except TokenRefused:
            return self._refused(Result.TOKEN_REFUSED, HTTPStatus.NOT_FOUND)
        except KeysUnusable as error:
            return self._later(Result.KEYS_UNUSABLE, str(error))
        if method == "GET":
            self.counts.add(Result.PAGE)
            return Answer(HTTPStatus.OK, PAGE, content_type="text/html; charset=utf-8")
        if not _says_one_click(environ):
            return self._refused(Result.BODY_REFUSED, HTTPStatus.BAD_REQUEST)
        return self._unsubscribe(request)

    def _unsubscribe(self, request: Request) -> Answer:
        if not self._turns.acquire(timeout=self.seconds_for_a_turn):
            return self._later(Result.BUSY, "too many unsubscribes wait for the store")
        try:
            campaign = WHOLE_ORGANISATION if self.scope is Scope.ORGANISATION else request.campaign
            with self.counts.store_seconds.time(), transaction(self.engine) as connection:
                is_new = unsubscribe(connection, request.hash, campaign, int(self.clock()))
        except (StoreUnavailable, SQLAlchemyError) as error:
            return self._later(Result.STORE_AWAY, f"the store does not take an unsubscribe: {type(error).__name__}")
        finally:
            self._turns.release()
        self._told = ""
        self.counts.add(Result.UNSUBSCRIBED if is_new else Result.AGAIN)
        return Answer(HTTPStatus.OK, DONE)

    def _refused(self, result: Result, status: HTTPStatus) -> Answer:
        self.counts.add(result)
        return Answer(status, WRONG)

    def _method(self, allowed: str) -> Answer:
        self.counts.add(Result.METHOD_REFUSED)
        return Answer(HTTPStatus.METHOD_NOT_ALLOWED, b"", (("Allow", allowed),))

    def _later(self, result: Result, why: str) -> Answer:
        self.counts.add(result)
        # Once, until it works again: how often it happened is counted.
        if why != self._told:
            self.say(why)
        self._told = why
        return Answer(HTTPStatus.SERVICE_UNAVAILABLE, LATER, (("Retry-After", str(RETRY_AFTER)),))


def _says_one_click(environ: WSGIEnvironment) -> bool:
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > LARGEST:
        return False
    return is_one_click(environ.get("CONTENT_TYPE", ""), environ["wsgi.input"].read(int(length)))
