"""The few requests to the Kubernetes API that the guardian makes, with its service account's token."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

SECONDS = 5.0
"""For one answer."""
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where the kubelet mounts a pod's token and the API server's authority."""

Object = dict[str, Any]


class Away(Exception):
    """The API server does not answer, or not with what was asked for. A write may have happened nevertheless."""


class Refused(Exception):
    """The API server refused a request; `status` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Conflict(Refused):
    """Somebody else made or changed the object meanwhile."""


class Absent(Refused):
    """The object, or the namespace that it was to be made in, is not there."""


class Api:
    """An API server. The token is asked for at each request, as the kubelet renews it."""

    def __init__(self, url: str, token: Callable[[], str], tls: ssl.SSLContext | None = None) -> None:
        self._url, self._token = url, token
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if tls is not None:
            handlers.append(urllib.request.HTTPSHandler(context=tls))
        self._opener = urllib.request.build_opener(*handlers)

    @classmethod
    def inside(cls, url: str = "https://kubernetes.default.svc", account: Path = ACCOUNT) -> Api:
        """The API server of the cluster that this runs in. Raises OSError where there is no service account."""
        tls = ssl.create_default_context(cafile=str(account / "ca.crt"))
        return cls(url, lambda: (account / "token").read_text().strip(), tls)

    def find(self, path: str) -> Object | None:
        """The object at a path, or None. Raises Refused, Away."""
        try:
            return self.request("GET", path)
        except Absent:
            return None

    def write(self, collection: str, manifest: Mapping[str, Any], version: str | None) -> Object:
        """Makes an object (`version` None), or replaces the one that has that resourceVersion still.

        Raises Conflict, Absent (its namespace), Refused, Away.
        """
        if version is None:
            return self.request("POST", collection, manifest)
        metadata = {**manifest["metadata"], "resourceVersion": version}
        return self.request("PUT", f"{collection}/{metadata['name']}", {**manifest, "metadata": metadata})

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Object:
        """One request. Raises Refused, of it Conflict and Absent; Away."""
        try:
            headers = {"Authorization": f"Bearer {self._token()}", "Accept": "application/json"}
            data = None if body is None else json.dumps(body).encode()
            if data is not None:
                headers["Content-Type"] = "application/json"
            asked = urllib.request.Request(self._url + path, data=data, headers=headers, method=method)
            with self._opener.open(asked, timeout=SECONDS) as answer:
                document = json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(1_000).decode(errors="replace")
            if error.code >= 500 or error.code == 429:
                raise Away(f"{method} {path}: {error.code} {said}") from error
            kind = {404: Absent, 409: Conflict}.get(error.code)
            message = f"{method} {path}: {error.code} {said}"
            raise (kind(error.code, message) if kind else Refused(error.code, message)) from error
        except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
            raise Away(f"{method} {path}: {error}") from error
        if not isinstance(document, dict):
            raise Away(f"{method} {path}: the answer is no object")
        return document
