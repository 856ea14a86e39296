"""More than fifty ways to have the sender relay what it must not, tried on its real Postfix and gate."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab import images
from services.sender.gate import admission
from services.sender.settings import FROM_HEADER
from tests.sender.admission_world import World
from tests.sender.sandbox import DOMAIN, HOSTNAME, PASSWORD, USERNAME, Container, network

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

OWN, THEIRS = f"news@{DOMAIN}", "user@shop.test"
FROM = f"From: {OWN}\r\n"
MILTER = "from services.sender.gate import from_header; from_header.serve({domain!r}).join()"
ENVIRONMENT = ("env", "PYTHONPATH=/usr/lib/warmlane", "/opt/warmlane/bin/python", "-c")


@dataclass
class Session:
    """A session that says what it likes."""

    plain: socket.socket

    def __post_init__(self) -> None:
        self.socket: socket.socket = self.plain
        self.file = self.plain.makefile("rb")
        self.reply()

    def reply(self) -> str:
        """One reply; an empty text when the connection has ended."""
        text = ""
        while line := self.file.readline().decode("latin-1"):
            text += line
            if line[3:4] != "-":
                break
        return text

    def say(self, line: str) -> str:
        """A command and its reply."""
        self.raw(line.encode("latin-1") + b"\r\n")
        return self.reply()

    def raw(self, octets: bytes) -> None:
        """Octets as they are. A server that has closed is heard in the reply."""
        with suppress(OSError):
            self.socket.sendall(octets)

    def tls(self) -> Session:
        """Encrypts."""
        self.say("EHLO producer.test")
        assert self.say("STARTTLS").startswith("220")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.socket = context.wrap_socket(self.plain)
        self.file = self.socket.makefile("rb")
        self.say("EHLO producer.test")
        return self

    def login(self, user: str = USERNAME, password: str = PASSWORD) -> Session:
        """Tries to log in."""
        self.say("AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()).decode())
        return self

    def mail(self, sender: str, *recipients: str, text: str = FROM + "\r\nhello\r\n") -> str:
        """All of a message, whatever is answered on the way; the last reply."""
        self.say(f"MAIL FROM:<{sender}>")
        for recipient in recipients:
            self.say(f"RCPT TO:<{recipient}>")
        last = self.say("DATA")
        if last.startswith("354"):
            self.raw(text.encode("latin-1") + b".\r\n")
            last = self.reply()
        return last


_open = list[Session]()


def session() -> Session:
    _open.append(Session(socket.create_connection(("127.0.0.1", 25), timeout=20)))
    return _open[-1]


def hung_up() -> None:
    """Ends all sessions: what was begun and not taken is removed by Postfix then."""
    while _open:
        one = _open.pop()
        one.file.close()
        one.socket.close()


Attempt = Callable[[], object]
RECIPIENTS = {
    "a stranger": THEIRS,
    "source route": f"@{HOSTNAME}:{THEIRS}",
    "percent hack": f"user%shop.test@{HOSTNAME}",
    "percent hack in the campaign's domain": f"user%shop.test@{DOMAIN}",
    "bang path": f"{HOSTNAME}!shop.test!user",
    "quoted": f'"{THEIRS}"@{HOSTNAME}',
    "address literal": "user@[127.0.0.1]",
    "postmaster": "postmaster",
    "quoted postmaster": '"postmaster"',
    "a local mailbox": f"root@{HOSTNAME}",
}
SENDERS = {"own": OWN, "stranger's": "boss@other.test", "null": ""}


def attempts() -> dict[str, Attempt]:
    """The attempts by name."""
    found: dict[str, Attempt] = {}
    for whose, sender in SENDERS.items():
        for which, recipient in RECIPIENTS.items():
            found[f"no login, {whose} sender, {which}"] = lambda s=sender, r=recipient: session().tls().mail(s, r)
    for which, recipient in RECIPIENTS.items():
        found[f"no TLS, {which}"] = lambda r=recipient: (session().say("EHLO x.test"), session().mail(OWN, r))
    for which in ("percent hack", "bang path", "quoted", "address literal", "postmaster", "quoted postmaster"):
        found[f"logged in, {which}"] = lambda r=RECIPIENTS[which]: session().tls().login().mail(OWN, r)
    found["logged in, a local mailbox"] = lambda: session().tls().login().mail(OWN, f"root@{HOSTNAME}")
    for sender in (
        "boss@other.test",
        f"news@sub.{DOMAIN}",
        "",
        f"@{HOSTNAME}:boss@other.test",
        f"{OWN}@other.test",
        f'"{OWN}"@other.test',
        f"boss%other.test@{HOSTNAME}",
        "postmaster",
        "MAILER-DAEMON",
    ):
        found[f"logged in, sender {sender!r}"] = lambda s=sender: session().tls().login().mail(s, THEIRS)
    for text in (
        "From: boss@other.test\r\n\r\nx\r\n",
        FROM + FROM + "\r\nx\r\n",
        FROM + "From: boss@other.test\r\n\r\nx\r\n",
        FROM + "from : boss@other.test\r\n\r\nx\r\n",
        f"From: {OWN}, boss@other.test\r\n\r\nx\r\n",
        f"From: {OWN}\0, boss@other.test\r\n\r\nx\r\n",
        FROM + "Sender: boss@other.test\r\n\r\nx\r\n",
        FROM + "Resent-From: boss@other.test\r\n\r\nx\r\n",
    ):
        found[f"logged in, header {text!r}"] = lambda t=text: session().tls().login().mail(OWN, THEIRS, text=t)
    found |= {
        "wrong password": lambda: session().tls().login(password=PASSWORD + "x").mail(OWN, THEIRS),
        "empty password": lambda: session().tls().login(password="").mail(OWN, THEIRS),
        "another campaign's name": lambda: session().tls().login(user="newsletter").mail(OWN, THEIRS),
        "another realm": lambda: session().tls().login(user=f"{USERNAME}@other.test").mail(OWN, THEIRS),
        "login without TLS": lambda: session().login().mail(OWN, THEIRS),
        "pipelined before the greeting": pipelined,
        "injected before TLS": injected,
        "command of 100,000 octets": lambda: session().tls().say("RCPT TO:<" + "a" * 100_000 + f"@shop.test> {THEIRS}"),
        "user name by MAIL's parameter": lambda: (
            s := session().tls(),
            s.say(f"MAIL FROM:<{OWN}> AUTH={OWN}"),
            s.mail("", THEIRS),
        ),
        "client's address by XCLIENT": lambda: (
            s := session().tls(),
            s.say(f"XCLIENT ADDR=127.0.0.1 LOGIN={USERNAME}"),
            s.mail(OWN, THEIRS),
        ),
        "client's address by XFORWARD": lambda: (
            s := session().tls(),
            s.say("XFORWARD ADDR=127.0.0.1"),
            s.mail(OWN, THEIRS),
        ),
        "a chunk instead of DATA": chunked,
    }
    return found


def pipelined() -> str:
    one = session()
    one.raw(f"EHLO x.test\r\nMAIL FROM:<{OWN}>\r\nRCPT TO:<{THEIRS}>\r\nDATA\r\n{FROM}\r\nx\r\n.\r\nQUIT\r\n".encode())
    return "".join(iter(one.reply, ""))


def injected() -> str:
    """Commands in the packet of STARTTLS must not count as said inside TLS (CVE-2011-0411)."""
    one = session()
    one.say("EHLO x.test")
    one.raw(f"STARTTLS\r\nMAIL FROM:<{OWN}>\r\nRCPT TO:<{THEIRS}>\r\nDATA\r\n{FROM}\r\nx\r\n.\r\n".encode())
    one.reply()
    try:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        one.socket = context.wrap_socket(one.plain)
    except OSError:
        return ""
    one.file = one.socket.makefile("rb")
    return one.say("NOOP")


def chunked() -> str:
    one = session().tls()
    one.say(f"MAIL FROM:<{OWN}>")
    one.say(f"RCPT TO:<{THEIRS}>")
    one.raw(b"BDAT 5 LAST\r\nhello")
    return one.reply()


@contextmanager
def gate(world: World) -> Iterator[None]:
    """Admission in this process, on the loopback of the sandbox."""
    ready, stop = threading.Event(), asyncio.Event()

    async def served() -> None:
        loops.append(asyncio.get_running_loop())
        server = await admission.serve(world.gatekeeper())
        ready.set()
        await stop.wait()
        server.close()

    loops = list[asyncio.AbstractEventLoop]()
    thread = threading.Thread(target=lambda: asyncio.run(served()))
    thread.start()
    try:
        assert ready.wait(10)
        yield
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join()


@contextmanager
def milter(container: Container) -> Iterator[subprocess.Popen[bytes]]:
    """The check of header From, from the image."""
    script = MILTER.format(domain=DOMAIN)
    process = subprocess.Popen(["chroot", str(container.root), *ENVIRONMENT, script])
    try:
        deadline = time.monotonic() + 30
        while not listening():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait()


def listening() -> bool:
    try:
        socket.create_connection(FROM_HEADER).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory, progress: Callable[[str], None]) -> Iterator[Container]:
    """Postfix as the image has it, in a network of its own."""
    directory = tmp_path_factory.mktemp("relay")
    with network():
        made = Container.made(images.ensure(progress)["sender"].archive, Path(directory))
        try:
            made.start()
            yield made
        finally:
            made.removed()


def everything(container: Container) -> set[str]:
    """All that Postfix has taken, once nobody speaks to it any more."""
    hung_up()
    while subprocess.run(["ss", "-tnH", "state", "established", "sport = :25"], capture_output=True).stdout:
        time.sleep(0.02)
    while container.queue("incoming"):
        time.sleep(0.02)
    return {name for queue in ("maildrop", "active", "deferred", "hold") for name in container.queue(queue)}


def test_nothing_is_relayed(container: Container) -> None:
    ways = attempts()
    assert len(ways) >= 50
    with gate(World()), milter(container):
        assert session().tls().login().mail(OWN, THEIRS).startswith("250"), "the positive control"
        before = everything(container)
        assert len(before) == 1 and container.queue("hold") == sorted(before), "and it waits for the gate"
        relayed = []
        for name, attempt in ways.items():
            attempt()
            if (after := everything(container)) != before:
                relayed.append(name)
                before = after
    assert relayed == []
    print(f"{len(ways)} attempts, none was taken")


@pytest.mark.parametrize("end", ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\0\r\n.\r\n"])
def test_no_second_message_is_smuggled_inside_a_first(container: Container, end: str) -> None:
    before = everything(container)
    hidden = "MAIL FROM:<boss@other.test>\r\nRCPT TO:<victim@shop.test>\r\nDATA\r\nFrom: boss@other.test\r\n\r\nx\r\n"
    with gate(World()), milter(container):
        session().tls().login().mail(OWN, THEIRS, text=f"{FROM}\r\nhello{end}{hidden}")
        new = everything(container) - before
    assert len(new) <= 1
    for name in new:
        assert "victim" not in container.run("postcat", "-e", "-q", name), "it is text of the first message"


def test_a_second_recipient_is_put_off(container: Container) -> None:
    with gate(World()), milter(container):
        one = session().tls().login()
        one.say(f"MAIL FROM:<{OWN}>")
        assert one.say(f"RCPT TO:<{THEIRS}>").startswith("250")
        assert one.say("RCPT TO:<other@shop.test>").startswith("452 4.5.3")


def test_many_refusals_slow_nobody_down(container: Container) -> None:
    with gate(World()), milter(container):
        one = session().tls().login()
        one.say(f"MAIL FROM:<{OWN}>")
        began = time.monotonic()
        replies = {one.say("RCPT TO:<abuse@shop.test>")[:9] for _ in range(500)}
        assert replies == {"550 5.7.1"} and time.monotonic() - began < 10
        assert one.say(f"RCPT TO:<{THEIRS}>").startswith("250")


def test_without_the_gate_nothing_is_taken(container: Container) -> None:
    before = everything(container)
    with milter(container):
        one = session().tls().login()
        one.say(f"MAIL FROM:<{OWN}>")
        assert one.say(f"RCPT TO:<{THEIRS}>").startswith("451 4.3.0")
    assert everything(container) == before


def test_without_the_check_of_header_from_nothing_is_taken(container: Container) -> None:
    before = everything(container)
    with gate(World()):
        one = session()
        one.say("EHLO producer.test")
        assert one.say("STARTTLS").startswith("454")
        assert one.mail(OWN, THEIRS)[0] in "45"
    assert everything(container) == before
