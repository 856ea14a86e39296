"""The Kubernetes API, as far as a provider asks it."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from lab.standins.kubernetes.connection import Connection

Object = dict[str, Any]

ATTEMPTS = 4
"""Connections that break before an answer, and answers that ask for patience: every request here may be repeated."""
PATIENCE = 0.3
"""Seconds before the second attempt; each further one waits twice as long."""
ANSWER_SECONDS = 60
WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')
"""The API server's warnings (RFC 7234, 5.5): deprecated versions, Pod Security."""


class ApiError(Exception):
    """The API server refused: its HTTP status, its reason and its own words. Status 0: it did not answer."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason

    @property
    def unreachable(self) -> bool:
        """Whether there was no answer at all."""
        return self.status == 0


@dataclass(frozen=True)
class Kind:
    """How the API server serves a kind."""

    prefix: str
    plural: str
    namespaced: bool

    def path(self, namespace: str, name: str) -> str:
        """The path of an object."""
        scope = f"/namespaces/{namespace}" if self.namespaced else ""
        return f"{self.prefix}{scope}/{self.plural}/{name}"


class Api:
    """An API server; safe to use from several threads, each of which keeps a connection open."""

    def __init__(self, connection: Connection, renewed: Callable[[], Connection] | None = None) -> None:
        """`renewed` asks who we are once more: tokens of EKS end after 15 minutes, which a long update outlives."""
        self.connection = connection
        self._renewed = renewed
        self._local = threading.local()
        self._kinds: dict[tuple[str, str], Kind] = {}
        self._lock = threading.Lock()

    def kind(self, api_version: str, kind: str) -> Kind:
        """How a kind is served. Raises ApiError 404 when it isn't: a CustomResourceDefinition may be missing."""
        with self._lock:
            if (api_version, kind) not in self._kinds:
                self._kinds.update(self._discovered(api_version))
            found = self._kinds.get((api_version, kind))
        if found is None:
            raise ApiError(404, "NoKindMatch", f'no matches for kind "{kind}" in version "{api_version}"')
        return found

    def _discovered(self, api_version: str) -> dict[tuple[str, str], Kind]:
        prefix = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        try:
            served = self.get(prefix)["resources"]
        except ApiError as error:
            if error.status != 404:
                raise
            served = []
        return {
            (api_version, entry["kind"]): Kind(prefix, entry["name"], entry["namespaced"])
            for entry in served
            if "/" not in entry["name"]
        }

    def get(self, path: str, **query: str) -> Object:
        """What is at a path. Raises ApiError."""
        return self._request("GET", path, query)

    def find(self, path: str) -> Object | None:
        """What is at a path, or None."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.status != 404:
                raise
            return None

    def apply(
        self,
        path: str,
        wanted: Object,
        *,
        manager: str,
        force: bool,
        dry_run: bool,
        warn: Callable[[str], None] = lambda _: None,
    ) -> Object:
        """Server-side apply; unknown fields are refused. Raises ApiError, 409 when another manager owns a field."""
        query = {"fieldManager": manager, "fieldValidation": "Strict", "force": str(force).lower()}
        if dry_run:
            query["dryRun"] = "All"
        return self._request("PATCH", path, query, wanted, "application/apply-patch+yaml", warn)

    def delete(self, path: str, propagation: str) -> None:
        """Asks for an object's removal. Raises ApiError."""
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        self._request("DELETE", path, {}, options, "application/json")

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Object | None = None,
        content: str | None = None,
        warn: Callable[[str], None] = lambda _: None,
    ) -> Object:
        url = urlsplit(self.connection.server).path + path + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": "application/json", **({"Content-Type": content} if content else {})}
        data = json.dumps(body).encode() if body is not None else None
        answer, text = self._answer(method, url, data, headers)
        if answer.status == 401 and self._renewed is not None:
            self.connection = self._renewed()
            answer, text = self._answer(method, url, data, headers)
        for warning in answer.headers.get_all("Warning") or []:
            for message in WARNING.findall(warning):
                warn(message.replace('\\"', '"'))
        try:
            document: Object = json.loads(text or b"{}")
        except ValueError:
            document = {"message": text.decode(errors="replace")}
        if answer.status >= 400:
            message = document.get("message") or f"{method} {path}: {answer.status} {answer.reason}"
            raise ApiError(answer.status, document.get("reason", ""), message)
        return document

    def _answer(
        self, method: str, url: str, data: bytes | None, headers: Mapping[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        problem = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(PATIENCE * 2 ** (attempt - 1))
            try:
                open_one = self._open()
                open_one.request(method, url, data, {**self.connection.headers, **headers})
                answer = open_one.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self._close()
                problem = str(error) or type(error).__name__
                continue
            if answer.will_close:
                self._close()
            if answer.status not in (429, 503) or attempt == ATTEMPTS - 1:
                return answer, text
        server = self.connection.server
        raise ApiError(0, "Unreachable", f"configured Kubernetes cluster is unreachable: {server}: {problem}")

    def _open(self) -> http.client.HTTPConnection:
        found: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if found is None:
            server = urlsplit(self.connection.server)
            if self.connection.tls is None:
                found = http.client.HTTPConnection(server.netloc, timeout=ANSWER_SECONDS)
            else:
                found = http.client.HTTPSConnection(server.netloc, timeout=ANSWER_SECONDS, context=self.connection.tls)
            self._local.connection = found
        return found

    def _close(self) -> None:
        found: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if found is not None:
            found.close()
            self._local.connection = None
