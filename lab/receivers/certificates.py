"""Certificates of the MXes, good ones and bad ones, made when the receivers start; their keys die with the process."""

from __future__ import annotations

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Kind = Literal["valid", "expired", "self_signed", "wrong_name"]
WRONG_NAME = "mx.elsewhere.test"
_LIFETIME = timedelta(days=30)


class Authority:
    """A certificate authority that lives as long as its process."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("warmlane-lab-mx")
        now = datetime.now(UTC)
        self.certificate = (
            _builder(self._name, self._key, now - timedelta(days=365), now + _LIFETIME)
            .issuer_name(self._name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def pem(self) -> bytes:
        """What a client must trust to find `valid` valid."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def context(self, kind: Kind, host: str) -> ssl.SSLContext:
        """A server's context with a new key and a certificate of that kind for `host`."""
        own = ec.generate_private_key(ec.SECP256R1())
        shown = WRONG_NAME if kind == "wrong_name" else host
        now = datetime.now(UTC)
        ends = now - timedelta(days=1) if kind == "expired" else now + _LIFETIME
        by_itself = kind == "self_signed"
        certificate = (
            _builder(_named(shown), own, now - _LIFETIME, ends)
            .issuer_name(_named(shown) if by_itself else self._name)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(shown)]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key((own if by_itself else self._key).public_key()),
                critical=False,
            )
            .sign(own if by_itself else self._key, hashes.SHA256())
        )
        return _context(own, certificate)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, own: ec.EllipticCurvePrivateKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )


def _context(own: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    key = own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    # OpenSSL's binding takes certificate chains from files only.
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "chain.pem"
        file.write_bytes(key + certificate.public_bytes(serialization.Encoding.PEM))
        context.load_cert_chain(file)
    return context
