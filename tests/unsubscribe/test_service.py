"""The service over HTTP: what unsubscribes, what never does, and what is said while it can't."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, text
from waitress.server import create_server

from services.store.database import database, transaction
from services.store.migrate import upgrade
from services.store.suppressions import suppressed
from services.unsubscribe.__main__ import LIMITS, main
from services.unsubscribe.app import Application
from services.unsubscribe.counts import Counts, Result
from services.unsubscribe.form import is_one_click
from services.unsubscribe.keys import KeysUnusable, MountedRoots
from warmlane.recipients.hashing import KeyedHash
from warmlane.store_access import unsubscribe_key, unsubscribe_roots
from warmlane.unsubscribe import Request, Scope, parse_key, token, url

NOW = 1_800_000_000
HASH = KeyedHash("2", "ab" * 32)
FORM = "application/x-www-form-urlencoded"
BODY = b"List-Unsubscribe=One-Click"
MULTIPART = "multipart/form-data; boundary=XX"
PARTS = b'--XX\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--XX--\r\n'
TOKEN = token(parse_key(unsubscribe_key("key", "2", "spring-sale")), Request("spring-sale", HASH))
PATH = url("", TOKEN)


@dataclass
class Service:
    """The application behind waitress on the loopback."""

    engine: Engine
    keys: Path
    counts: Counts = field(default_factory=lambda: Counts(CollectorRegistry()))
    said: list[str] = field(default_factory=list)
    port: int = 0

    def asked(
        self, method: str, path: str, body: bytes | None = None, content_type: str = FORM
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of an answer."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, body, {"Content-Type": content_type} if body is not None else {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()

    def posted(self, path: str = PATH, body: bytes = BODY, content_type: str = FORM) -> int:
        return self.asked("POST", path, body, content_type)[0]

    def suppressed(self, campaign: str = "spring-sale") -> bool:
        with transaction(self.engine) as connection:
            return bool(suppressed(connection, campaign, [HASH], NOW + 10**9))

    def counted(self, result: Result) -> float:
        found = self.counts.registry.get_sample_value("unsubscribe_requests_total", {"result": result.value})
        assert found is not None
        return found


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "unsubscribe_keys.json"
    path.write_text(unsubscribe_roots("key", ["2", "1"]))
    return path


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = database(f"sqlite:///{tmp_path}/store.db", connections=8)
    upgrade(made)
    yield made
    made.dispose()


@contextmanager
def served(service: Service, scope: Scope = Scope.ORGANISATION, seconds_for_a_turn: float = 2) -> Iterator[Service]:
    application = Application(
        service.engine,
        MountedRoots(service.keys, clock=iter(range(10**6)).__next__),
        scope,
        service.counts,
        service.said.append,
        clock=lambda: NOW,
        seconds_for_a_turn=seconds_for_a_turn,
    )
    server = create_server(application, host="127.0.0.1", port=0, **LIMITS)
    service.port = server.effective_port
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield service
    finally:
        # Its loop may look at what it was given, and close, before the trigger is pulled.
        with suppress(OSError):
            server.trigger.pull_trigger(server.close)
        thread.join(10)
        assert not thread.is_alive()
        server.task_dispatcher.shutdown()


@pytest.fixture
def service(engine: Engine, keys: Path) -> Iterator[Service]:
    with served(Service(engine, keys)) as running:
        yield running


@pytest.mark.parametrize(("body", "content_type"), [(BODY, FORM), (PARTS, MULTIPART), (BODY, f"{FORM}; charset=UTF-8")])
def test_one_click_unsubscribes(service: Service, body: bytes, content_type: str) -> None:
    status, headers, said = service.asked("POST", PATH, body, content_type)
    assert status == 200 and b"unsubscribed" in said
    assert service.suppressed() and service.suppressed("newsletter"), "from the whole organisation"
    assert not {"Set-Cookie", "Location", "Server", "WWW-Authenticate"} & set(headers)
    assert headers["Referrer-Policy"] == "no-referrer" and headers["Cache-Control"] == "no-store"


def test_a_second_click_is_answered_as_the_first(service: Service) -> None:
    first, second = (service.asked("POST", PATH, BODY) for _ in range(2))
    assert first[0] == second[0] == 200 and first[2] == second[2]
    assert service.counted(Result.UNSUBSCRIBED) == service.counted(Result.AGAIN) == 1


def test_a_campaign_s_own_unsubscribe_leaves_the_others(engine: Engine, keys: Path) -> None:
    with served(Service(engine, keys), Scope.CAMPAIGN) as service:
        assert service.posted() == 200
        assert service.suppressed() and not service.suppressed("newsletter")


def test_looking_unsubscribes_nobody(service: Service) -> None:
    status, headers, page = service.asked("GET", PATH)
    assert status == 200 and headers["Content-Type"].startswith("text/html")
    assert page.count(b"<button") == 1 and b'method="post"' in page and b"script" not in page
    assert service.asked("GET", f"{PATH}?List-Unsubscribe=One-Click")[0] == 200
    assert service.asked("HEAD", PATH)[0] == 405
    assert not service.suppressed()


def test_the_page_s_button_sends_what_unsubscribes(service: Service) -> None:
    page = service.asked("GET", PATH)[2].decode()
    name, value = page.split('type="hidden" name="')[1].split('"')[0], page.split('value="')[1].split('"')[0]
    assert service.posted(body=f"{name}={value}".encode()) == 200
    assert service.suppressed()


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"])
def test_other_methods_are_refused(service: Service, method: str) -> None:
    status, headers, _ = service.asked(method, PATH)
    assert status == 405 and headers["Allow"] == "GET, POST"
    assert not service.suppressed()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/u/",
        "/u",
        "/u/x",
        f"{PATH}/",
        f"{PATH}x",
        PATH[:-1],
        f"/x{PATH}",
        f"/u/{TOKEN[1:]}",
        "/u/%00",
        "/u/" + "A" * 5000,
    ],
)
def test_a_wrong_address_is_told_nothing_more(service: Service, path: str) -> None:
    answers = {service.asked("POST", path, BODY)[::2], service.asked("GET", path)[::2]}
    assert answers == {(404, b"This address is not valid.\n")}
    assert not service.suppressed()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", FORM),
        (b"List-Unsubscribe=One-Clic", FORM),
        (b"list-unsubscribe=one-click", FORM),
        (b"List-Unsubscribe=One-Click&List-Unsubscribe=Two", FORM),
        (BODY, "text/plain"),
        (BODY, "application/json"),
        (BODY, MULTIPART),
        (PARTS, FORM),
        (PARTS.replace(b"One-Click", b"No"), MULTIPART),
        (PARTS, "multipart/form-data"),
        (b"\xff=\xff", FORM),
        (b"&".join([b"a=b"] * 50) + b"&" + BODY, FORM),
    ],
)
def test_another_body_is_refused(service: Service, body: bytes, content_type: str) -> None:
    assert service.posted(body=body, content_type=content_type) == 400
    assert not service.suppressed()


@given(st.text(st.characters(codec="latin-1")) | st.sampled_from([FORM, MULTIPART]), st.binary())
def test_no_body_breaks_the_parser(content_type: str, body: bytes) -> None:
    assert is_one_click(content_type, body) is (body == BODY and content_type == FORM)


def test_what_is_too_large_is_refused(service: Service) -> None:
    assert service.posted(body=BODY + b"&x=" + b"x" * 4096) == 413
    assert service.asked("GET", "/u/" + "A" * 9000)[0] == 431
    assert not service.suppressed()


def test_a_body_of_unsaid_length_is_bounded_too(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as client:
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n"
        client.sendall(head.encode() + b"1a\r\n" + BODY + b"\r\n0\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200"), "a proxy may send it so"
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as client:
        client.sendall(head.encode() + b"2000\r\n" + b"x" * 8192 + b"\r\n0\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413")


def test_while_the_store_refuses_nothing_is_claimed(service: Service) -> None:
    with service.engine.begin() as connection:
        connection.execute(text("ALTER TABLE suppressions RENAME TO elsewhere"))
    status, headers, said = service.asked("POST", PATH, BODY)
    assert status == 503 and int(headers["Retry-After"]) > 0 and b"nothing has been changed" in said
    assert service.posted() == 503 and len(service.said) == 1, "it is told once"
    assert TOKEN not in service.said[0] and HASH.digest not in service.said[0]
    assert service.asked("GET", "/healthz")[0] == 200, "another pod would find the same store"
    with service.engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO suppressions"))
    assert not service.suppressed()
    assert service.posted() == 200 and service.suppressed()


def test_a_store_that_stands_still_holds_up_four_and_no_more(engine: Engine, keys: Path) -> None:
    with served(Service(engine, keys), seconds_for_a_turn=0.05) as service:
        with engine.connect() as writer, writer.begin():
            answers = list[int]()
            threads = [threading.Thread(target=lambda: answers.append(service.posted())) for _ in range(6)]
            for thread in threads:
                thread.start()
            threads[0].join(0.3)
            while service.counted(Result.BUSY) < 2:
                threads[-1].join(0.05)
            assert service.asked("GET", PATH)[0] == 200
        for thread in threads:
            thread.join(20)
        assert sorted(answers) == [200, 200, 200, 200, 503, 503] and service.suppressed()


def test_keys_that_are_gone_unsubscribe_nobody_and_new_ones_are_taken_over(service: Service) -> None:
    service.keys.write_text("[]")
    assert service.posted() == 503 and service.counted(Result.KEYS_UNUSABLE) == 1
    service.keys.write_text(unsubscribe_roots("key", ["3", "2"]))
    assert service.posted() == 200
    service.keys.write_text(unsubscribe_roots("key", ["4", "3"]))
    assert service.posted() == 404


def test_keys_are_looked_at_every_second(keys: Path) -> None:
    now = [0.0]
    roots = MountedRoots(keys, lambda: now[0])
    assert set(roots()) == {"1", "2"}
    keys.unlink()
    now[0] = 0.5
    assert set(roots()) == {"1", "2"}
    now[0] = 1.0
    with pytest.raises(KeysUnusable):
        roots()


def test_the_command_says_what_it_wants(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == main(["everybody"]) == 2
    assert "organisation|campaign" in capsys.readouterr().err
