"""Speaks to the lab's API server: plain HTTPS with the administrator's certificate, and kubectl for manifests."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lab import settings
from lab.network.commands import run
from lab.node import pki

FIELD_MANAGER = "warmlane-lab"
TIMEOUT = 10
"""Seconds for one request."""


class ApiError(RuntimeError):
    """The API server refused a request or does not answer."""


@cache
def _context(authority: bytes) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=authority.decode())
    context.load_cert_chain(pki.certificate("administrator"), pki.key("administrator"))
    return context


def request(
    method: str, path: str, body: object = None, content: str = "application/json", timeout: float = TIMEOUT
) -> str:
    """One request to the API server; returns the answer's text. Raises ApiError."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": content, "Accept": "application/json"}
    asked = urllib.request.Request(settings.API_SERVER + path, data=data, headers=headers, method=method)
    try:
        context = _context(pki.certificate("authority").read_bytes())
        # No proxy: the address is the lab's own.
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        with opener.open(asked, timeout=timeout) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as problem:
        text = problem.read().decode(errors="replace")
        raise ApiError(f"{method} {path}: {problem.code} {text[:500]}") from problem
    except (OSError, http.client.HTTPException) as problem:
        raise ApiError(f"{method} {path}: {problem}") from problem


def get(path: str) -> Any:
    """The object or list at `path`. Raises ApiError."""
    return json.loads(request("GET", path))


def answers(path: str) -> bool:
    """Whether the API server answers 200 at `path`."""
    try:
        request("GET", path, timeout=3)
    except ApiError:
        return False
    return True


def apply(kubectl: Path, manifests: Sequence[object]) -> None:
    """Applies manifests server-side as the lab's field manager. Raises CommandFailed."""
    text = yaml.safe_dump_all(manifests, sort_keys=False)
    _apply(kubectl, ["-"], text)


def apply_files(kubectl: Path, files: Iterable[Path]) -> None:
    """Applies manifest files server-side as the lab's field manager. Raises CommandFailed."""
    _apply(kubectl, [str(file) for file in files], None)


def _apply(kubectl: Path, files: Sequence[str], text: str | None) -> None:
    arguments = [word for file in files for word in ("-f", file)]
    run(
        kubectl,
        f"--kubeconfig={settings.KUBECONFIG}",
        "apply",
        "--server-side",
        "--force-conflicts",
        f"--field-manager={FIELD_MANAGER}",
        *arguments,
        text=text,
    )
