"""STARTTLS with good and bad certificates, as a client sees it that verifies and one that does not."""

from __future__ import annotations

import smtplib
import ssl

import pytest

from lab import settings
from tests.lab.receivers.conftest import GMAIL, SENDER, Receivers, Start, eventually, message

HOST = settings.PROVIDERS["gmail"].mx


def verifying(receivers: Receivers) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=receivers.world.authority.pem().decode())


def believing() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def send(receivers: Receivers, context: ssl.SSLContext) -> None:
    with receivers.connect() as client:
        # The name that the client asked the DNS for; loopback has none.
        client._host = HOST  # type: ignore[attr-defined]
        client.starttls(context=context)
        client.ehlo()
        assert not client.has_extn("auth"), "an MX offers no AUTH"
        client.sendmail(SENDER, [GMAIL], message())


def test_a_valid_certificate_passes_verification(start: Start) -> None:
    receivers = start("providers: {gmail: {starttls: {certificate: valid}}}")
    send(receivers, verifying(receivers))

    (receipt,) = receivers.received()
    assert receipt.tls == "TLSv1.3"
    assert receipt.sessions == 1, "STARTTLS makes no second session of one"


@pytest.mark.parametrize(
    ("certificate", "why"),
    [("expired", "certificate has expired"), ("self_signed", "self-signed"), ("wrong_name", "not valid for")],
)
def test_a_bad_certificate_fails_in_its_own_way_only(start: Start, certificate: str, why: str) -> None:
    receivers = start(f"providers: {{gmail: {{sessions: {{most: 1}}, starttls: {{certificate: {certificate}}}}}}}")
    with pytest.raises(ssl.SSLCertVerificationError, match=why):
        send(receivers, verifying(receivers))
    assert receivers.received() == []

    # The failed session is over, else the one session that is allowed would be taken.
    eventually(lambda: _gets_through(receivers))
    (receipt,) = receivers.received()
    assert receipt.tls == "TLSv1.3", "who does not verify gets through"


def _gets_through(receivers: Receivers) -> bool:
    try:
        send(receivers, believing())
    except smtplib.SMTPConnectError:
        return False
    return True


def test_without_starttls_none_is_offered(start: Start) -> None:
    receivers = start("")
    with receivers.connect() as client:
        client.ehlo()
        assert not client.has_extn("starttls")
        client.sendmail(SENDER, [GMAIL], message())

    assert receivers.received()[0].tls == ""
