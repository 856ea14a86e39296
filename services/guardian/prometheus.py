"""Raw samples from Prometheus' HTTP API (prometheus.io/docs/prometheus/latest/querying/api)."""

from __future__ import annotations

import http.client
import json
import math
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

SECONDS = 4.0
"""For one answer: less than the time between two looks."""
OCTETS = 64 * 1024 * 1024
"""Most of an answer that is read: what 1,000 campaigns have in a quarter of an hour stays below it."""

Labels = frozenset[tuple[str, str]]
Samples = list[tuple[float, float]]
"""Seconds since 1970 UTC and value, in order."""


class Silent(Exception):
    """Prometheus does not answer, or not with what was asked for: nothing is known, and nothing counts as zero."""


class Prometheus:
    """A Prometheus server by its URL, without a slash at the end."""

    def __init__(self, url: str) -> None:
        self._url = url
        # No proxy: it is a neighbour.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def samples(self, selector: str, since: float, until: float) -> Mapping[Labels, Samples]:
        """What was scraped after `since` and up to `until`, by series; nothing is guessed between. Raises Silent."""
        window = max(round((until - since) * 1000), 1)
        asked = urlencode({"query": f"{selector}[{window}ms]", "time": f"{until:.3f}"})
        try:
            with self._opener.open(f"{self._url}/api/v1/query?{asked}", timeout=SECONDS) as answer:
                text = answer.read(OCTETS + 1)
            if len(text) > OCTETS:
                raise Silent(f"{self._url} answers {selector} with more than {OCTETS} octets")
            document: Any = json.loads(text)
            if document["status"] != "success" or document["data"]["resultType"] != "matrix":
                raise Silent(f"{self._url} answers {selector} with {str(document)[:200]}")
            return {frozenset(each["metric"].items()): _finite(each["values"]) for each in document["data"]["result"]}
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(200).decode(errors="replace")
            raise Silent(f"{self._url} answers {selector} with {error.code}: {said}") from error
        except (OSError, http.client.HTTPException) as error:
            raise Silent(f"{self._url} does not answer: {error}") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Silent(f"{self._url} answers {selector} with what can't be read: {error}") from error


def _finite(values: list[tuple[float, str]]) -> Samples:
    samples = [(float(at), float(value)) for at, value in values]
    return [(at, value) for at, value in samples if math.isfinite(value)]
