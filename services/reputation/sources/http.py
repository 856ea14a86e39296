"""One HTTP request, with its failures told apart. Nothing of the request shows in them."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage
from typing import IO

from services.reputation.sources.source import Outcome, SourceError

SECONDS = 20.0
LONGEST = 4_000_000
"""Octets of an answer; SNDS tells about 150 an address and day."""


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirect leads to a page for people to log in, and would take the credentials along."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


_OPENER = urllib.request.build_opener(_Stay())


def fetch(url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> bytes:
    """The answer's body; POST with a body, else GET. Raises SourceError."""
    request = urllib.request.Request(url, body, dict(headers or {}))
    try:
        with _OPENER.open(request, timeout=SECONDS) as answer:
            content: bytes = answer.read(LONGEST + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise SourceError(_by_status(error.code), f"it answered {error.code}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise SourceError(Outcome.UNREACHABLE, f"it was not reached ({type(error).__name__})") from None
    if len(content) > LONGEST:
        raise SourceError(Outcome.MALFORMED, f"its answer is longer than {LONGEST} octets")
    return content


def _by_status(status: int) -> Outcome:
    if status in (401, 403):
        return Outcome.DENIED
    if status == 429:
        return Outcome.LIMITED
    return Outcome.UNREACHABLE if status >= 500 or status == 408 else Outcome.MALFORMED
