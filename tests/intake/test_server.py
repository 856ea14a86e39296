"""The door takes what is its own, keeps what it took, puts off what it can't take now, and sends nothing on."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.intake.settings import KeysUnavailable, Limits
from tests.intake.world import DOMAIN, Served, served, token_of
from tests.returns.samples import dsn
from warmlane.returns import token
from warmlane.returns.token import TokenKeys

OTHER = "victim@other.example"
MINE = f"b+{token_of(1)}@{DOMAIN}"
FORGED = token.signed(TokenKeys(b"x" * 32), b"fourteen bytes")
RELAY = [
    OTHER,
    f'"{OTHER}"@{DOMAIN}',
    f"victim%other.example@{DOMAIN}",
    f"other.example!victim@{DOMAIN}",
    f"@{DOMAIN}:{OTHER}",
    f"{MINE}@other.example",
    f"b+{token_of(1)}@other.example",
    f"b+{token_of(1)}@{DOMAIN}.other.example",
    f"b+{token_of(1)}@sub.{DOMAIN}",
    f"b+{token_of(1)}@news.example",
    f"b+{token_of(1)}%other.example@{DOMAIN}",
    f"b+{token_of(1)}+victim@{DOMAIN}",
    f"b+{token_of(1)[:-1]}@{DOMAIN}",
    f"b+{token_of(1)}a@{DOMAIN}",
    f"b+{FORGED}@{DOMAIN}",
    f"f+{FORGED}@{DOMAIN}",
    f"c+{token_of(1)}@{DOMAIN}",
    f"+{token_of(1)}@{DOMAIN}",
    f"b@{DOMAIN}",
    f"b+@{DOMAIN}",
    f"info@{DOMAIN}",
    f"root@{DOMAIN}",
    f"mailer-daemon@{DOMAIN}",
    "postmaster@other.example",
    "abuse@other.example",
    "postmaster",
    "root@localhost",
    "root@127.0.0.1",
    "victim@[192.0.2.1]",
    f"postmaster%other.example@{DOMAIN}",
    f"abuse+victim@{DOMAIN}",
    f"postmaster@{DOMAIN}@other.example",
]
SENDERS = ["", "spammer@other.example", f"postmaster@{DOMAIN}"]


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "spool") as open_:
        yield open_


def test_no_relay_attempt_is_taken_and_its_own_addresses_are(door: Served) -> None:
    attempts = 0
    with door.client() as client:
        client.ehlo()
        for sender in SENDERS:
            for address in RELAY:
                client.rset()
                assert client.docmd("MAIL", f"FROM:<{sender}>")[0] == 250
                code, said = client.docmd("RCPT", f"TO:<{address}>")
                attempts += 1
                assert code in (501, 550, 553), f"{address} from <{sender}>: {code} {said!r}"
                assert client.docmd("DATA")[0] == 503
    assert attempts >= 50 and door.spool.waiting() == [] and door.refused()["relay"] >= 30
    for address in (
        MINE,
        MINE.upper(),
        f"f+{token_of(1)}@bounces.shop.example",
        f"PostMaster@{DOMAIN}",
        f"abuse@{DOMAIN}",
    ):
        with door.client() as client:
            client.sendmail("", [address], dsn())
    assert len(door.spool.waiting()) == 5, "the positive control: the same door takes what is its own"


@pytest.mark.parametrize("sender", ["", "mailer-daemon@mailbox.example"])
def test_what_it_says_250_for_is_in_the_spool_as_it_was_sent(door: Served, sender: str) -> None:
    message = b"Subject: dots\r\n\r\n.\r\n..two\r\n" + b"x" * 5000 + b"\r\nend\r\n"
    with door.client() as client:
        client.sendmail(sender, [MINE], message)
    (name,) = door.spool.waiting()
    found = door.spool.read(name)
    assert found.token == token_of(1)
    assert found.content == message


def test_a_forged_address_is_refused_like_one_that_is_not_there_and_counted(door: Served) -> None:
    with door.client() as client:
        client.ehlo()
        client.mail("")
        assert client.rcpt(f"b+{FORGED}@{DOMAIN}") == client.rcpt(f"nobody@{DOMAIN}")
    assert door.refused() == {"forged": 1, "mailbox": 1}


def test_a_message_has_one_recipient_and_the_others_come_again(door: Served) -> None:
    with door.client() as client:
        refused = client.sendmail("", [MINE, f"postmaster@{DOMAIN}"], dsn())
    assert list(refused.values()) == [(452, b"4.5.3 One recipient for each message")]
    assert len(door.spool.waiting()) == 1


@pytest.mark.parametrize(
    "command", ["AUTH PLAIN AHVzZXIAcGFzcw==", "AUTH LOGIN", "VRFY postmaster", "EXPN all", "ETRN x"]
)
def test_nobody_logs_in_and_nothing_is_told(door: Served, command: str) -> None:
    with door.client() as client:
        assert b"AUTH" not in client.ehlo()[1]
        assert client.docmd(command)[0] in (500, 502)


def test_it_offers_tls_when_it_has_a_certificate_and_no_login_then(door: Served, tmp_path: Path) -> None:
    with door.client() as client:
        assert not client.has_extn("starttls")
    authority = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    with served(tmp_path / "tls", context=context) as secured, secured.client() as client:
        client._host = "intake.news.example"  # type: ignore[attr-defined]
        client.starttls(context=authority)
        assert b"AUTH" not in client.ehlo()[1]
        client.sendmail("", [MINE], dsn())
        assert len(secured.spool.waiting()) == 1


def certificate(directory: Path) -> ssl.SSLContext:
    """Writes a certificate of a test's own; returns who trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "intake.news.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("intake.news.example")]), False)
        .sign(key, hashes.SHA256())
    )
    plain, pem = serialization.NoEncryption(), serialization.Encoding.PEM
    (directory / "tls.crt").write_bytes(made.public_bytes(pem))
    (directory / "tls.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return ssl.create_default_context(cafile=str(directory / "tls.crt"))


def test_a_huge_message_is_cut_or_refused_and_never_held_in_memory(tmp_path: Path) -> None:
    limits = Limits(message_octets=200_000, stored_octets=10_000)
    with served(tmp_path / "spool", limits=limits) as door:
        with door.client() as client:
            client.sendmail("", [MINE], b"A: b\r\n\r\n" + b"\r\n" * 50_000)
        (name,) = door.spool.waiting()
        assert len(door.spool.read(name).content) == 10_000
        with door.client() as client, pytest.raises(smtplib.SMTPSenderRefused, match="552"):
            client.sendmail("", [MINE], b"x" * 300_000)
        with door.client() as client:
            client.helo()
            client.mail("")
            client.rcpt(MINE)
            assert client.data(b"x" * 300_000)[0] == 552, "also from a client that did not tell the size before"
            client.sendmail("", [MINE], dsn())
        assert len(door.spool.waiting()) == 2 and door.refused() == {"size": 1}


def test_who_sends_too_fast_is_put_off_and_taken_later(tmp_path: Path) -> None:
    now = [0.0]
    with served(tmp_path / "spool", limits=Limits(messages_of_source=3), clock=lambda: now[0]) as door:
        with door.client() as client:
            for _ in range(3):
                client.sendmail("", [MINE], dsn())
            with pytest.raises(smtplib.SMTPSenderRefused, match="451"):
                client.sendmail("", [MINE], dsn())
        with door.client("127.0.0.2") as other:
            other.sendmail("", [MINE], dsn())
        now[0] = 21.0
        with door.client() as client:
            client.sendmail("", [MINE], dsn())
        assert len(door.spool.waiting()) == 5 and door.deferred() == {"rate": 1}


def test_too_many_connections_are_put_off_and_places_become_free(tmp_path: Path) -> None:
    with served(tmp_path / "spool", limits=Limits(connections=3, connections_of_source=2)) as door:
        first, second, other = door.client(), door.client(), door.client("127.0.0.2")
        for source in ("127.0.0.1", "127.0.0.3"):
            with pytest.raises(smtplib.SMTPConnectError, match="421"):
                door.client(source)
        assert door.deferred() == {"connections": 2}
        first.quit()
        second.sock.close()
        for _ in range(100):
            if door.door.traffic.connections == 1:
                break
            other.noop()
        with door.client() as client:
            client.sendmail("", [MINE], dsn())
        other.quit()


def test_a_full_spool_puts_off_and_people_can_not_keep_reports_out(tmp_path: Path) -> None:
    people = f"postmaster@{DOMAIN}"
    with served(tmp_path / "spool", limits=Limits(spool_octets=4 * len(dsn()))) as door, door.client() as client:
        client.sendmail("", [people], dsn())
        client.sendmail("", [people], dsn())
        with pytest.raises(smtplib.SMTPRecipientsRefused, match="452"):
            client.sendmail("", [people], dsn())
        client.sendmail("", [MINE], dsn())
        client.sendmail("", [MINE], dsn())
        with pytest.raises(smtplib.SMTPRecipientsRefused, match="452"):
            client.sendmail("", [MINE], dsn())
        door.spool.remove(door.spool.waiting()[0])
        client.sendmail("", [MINE], dsn())
        assert door.deferred() == {"full": 2}


def test_without_keys_or_disk_it_puts_off(door: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> TokenKeys:
        raise KeysUnavailable("no file")

    refused = pytest.raises(smtplib.SMTPRecipientsRefused, match="451")
    with served(tmp_path / "keyless", keys=away) as keyless, keyless.client() as client, refused:
        client.sendmail("", [MINE], dsn())

    def broken(*_: object) -> str:
        raise OSError("no space left")

    with door.client() as client:
        with monkeypatch.context() as patch:
            patch.setattr(door.spool, "put", broken)
            with pytest.raises(smtplib.SMTPDataError, match="451"):
                client.sendmail("", [MINE], dsn())
        client.sendmail("", [MINE], dsn())
    assert len(door.spool.waiting()) == 1 and door.deferred() == {"disk": 1}


def test_a_client_that_goes_in_the_middle_leaves_nothing(door: Served) -> None:
    with socket.create_connection(("127.0.0.1", door.port)) as raw:
        raw.sendall(f"HELO a\r\nMAIL FROM:<>\r\nRCPT TO:<{MINE}>\r\nDATA\r\nSubject: x\r\n\r\nhalf".encode())
        while b"354" not in raw.recv(4096):
            pass
    with door.client() as client:
        client.sendmail("", [MINE], dsn())
    assert len(door.spool.waiting()) == 1


@pytest.mark.parametrize("ending", [b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\r"])
def test_only_a_lone_dot_between_crlf_ends_a_message(door: Served, ending: bytes) -> None:
    smuggled = b"A: b\r\n\r\nx" + ending + b"MAIL FROM:<>\r\nRCPT TO:<" + OTHER.encode() + b">\r\nDATA\r\ny\r\n.\r\n"
    with socket.create_connection(("127.0.0.1", door.port)) as raw:
        raw.sendall(f"HELO a\r\nMAIL FROM:<>\r\nRCPT TO:<{MINE}>\r\nDATA\r\n".encode() + smuggled + b"QUIT\r\n")
        said = b""
        while piece := raw.recv(4096):
            said += piece
    assert said.count(b"\r\n250 2.0.0") == 1 and b"550" not in said
    assert len(door.spool.waiting()) == 1
