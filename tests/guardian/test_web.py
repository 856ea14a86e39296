"""The guardian's HTTP side: a webhook is a hint at most, whatever it carries."""

from __future__ import annotations

import io
import threading

import pytest
from prometheus_client import CollectorRegistry

from services.guardian.web import Web

TOKEN = "0123456789abcdef0123456789abcdef"


class Asked:
    """The application, and the hint that it may give."""

    def __init__(self, healthy: bool = True) -> None:
        self.hint = threading.Event()
        self._web = Web(CollectorRegistry(), lambda: TOKEN, self.hint, lambda: healthy)

    def __call__(self, method: str, path: str, body: bytes = b"", token: str | None = None) -> int:
        """The status of an answer."""
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.input": io.BytesIO(body)}
        if token is not None:
            environ["HTTP_AUTHORIZATION"] = token
        said: list[str] = []
        b"".join(self._web(environ, lambda status, _: said.append(status)))
        return int(said[0].split()[0])


@pytest.mark.parametrize(
    "token", [None, "", TOKEN, "Bearer", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", f"bearer {TOKEN}", "Bearer \xe9"]
)
def test_without_the_token_nothing_is_done(token: str | None) -> None:
    asked = Asked()
    assert asked("POST", "/webhook", b"{}", token) == 401
    assert not asked.hint.is_set()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff" * 1000, b'{"alerts":[{"labels":{"campaign":"other"}}]}'])
def test_with_it_any_alert_is_the_same_hint(body: bytes) -> None:
    asked = Asked()
    assert asked("POST", "/webhook", body, f"Bearer {TOKEN}") == 202
    assert asked.hint.is_set()


def test_other_paths_and_methods() -> None:
    asked = Asked()
    assert asked("GET", "/webhook", token=f"Bearer {TOKEN}") == 404
    assert asked("POST", "/") == 404
    assert not asked.hint.is_set()
    assert asked("GET", "/metrics") == 200


@pytest.mark.parametrize(("healthy", "status"), [(True, 200), (False, 503)])
def test_health_is_that_of_the_loop(healthy: bool, status: int) -> None:
    assert Asked(healthy)("GET", "/healthz") == status
