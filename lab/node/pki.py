"""Keys and certificates of the cluster, and the kubeconfigs that hold them. Everything here dies with the lab."""

from __future__ import annotations

import base64
import datetime
import os
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab import settings

DIRECTORY = settings.STATE / "pki"
LIFETIME = datetime.timedelta(days=365)
ADMINISTRATORS = "system:masters"


@dataclass(frozen=True)
class Identity:
    """A certificate's subject: user (common name) and group (organisation), and the names it serves under, if any."""

    user: str
    group: str | None = None
    hosts: tuple[str | IPv4Address, ...] = ()


IDENTITIES: dict[str, Identity] = {
    "api-server": Identity(
        "kube-apiserver",
        hosts=(
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
            "localhost",
            settings.NODE_NAME,
            settings.KUBERNETES_SERVICE,
            settings.NODE_ADDRESS,
            settings.MANAGEMENT_NODE,
            IPv4Address("127.0.0.1"),
        ),
    ),
    "kubelet-server": Identity(settings.NODE_NAME, hosts=(settings.NODE_NAME, settings.NODE_ADDRESS)),
    "api-server-kubelet-client": Identity("kube-apiserver-kubelet-client", ADMINISTRATORS),
    "administrator": Identity("warmlane-lab-administrator", ADMINISTRATORS),
    "controller-manager": Identity("system:kube-controller-manager"),
    "scheduler": Identity("system:kube-scheduler"),
    "kubelet": Identity(f"system:node:{settings.NODE_NAME}", "system:nodes"),
    "cilium": Identity("warmlane-lab-cilium", ADMINISTRATORS),
}
"""Every certificate, by the name of its files. Cilium's agent acts as its operator too, so it may do all."""

CLIENTS = {
    "controller-manager": f"https://{settings.NODE_ADDRESS}:6443",
    "scheduler": f"https://{settings.NODE_ADDRESS}:6443",
    "kubelet": f"https://{settings.NODE_ADDRESS}:6443",
    "cilium": f"https://{settings.NODE_ADDRESS}:6443",
}


def certificate(name: str) -> Path:
    return DIRECTORY / f"{name}.crt"


def key(name: str) -> Path:
    return DIRECTORY / f"{name}.key"


def kubeconfig(name: str) -> Path:
    """The kubeconfig of a part of the node."""
    return DIRECTORY / f"{name}.kubeconfig"


def ensure() -> None:
    """Makes every key, certificate and kubeconfig, unless they are there."""
    if settings.KUBECONFIG.exists():
        return
    DIRECTORY.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key)
    _write_certificate("authority", authority)
    for name, identity in IDENTITIES.items():
        own = ec.generate_private_key(ec.SECP256R1())
        _write_key(name, own)
        _write_certificate(name, issue(identity, own.public_key(), authority, authority_key))
    # Tokens of service accounts are signed with RSA: every client library reads that.
    _write_key("service-accounts", rsa.generate_private_key(65537, 2048))
    for name, server in CLIENTS.items():
        write_private(kubeconfig(name), kubeconfig_text(server, name))
    write_private(settings.KUBECONFIG, kubeconfig_text(settings.API_SERVER, "administrator"))


def _authority(own: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "warmlane-lab")])
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .sign(own, hashes.SHA256())
    )


def issue(
    identity: Identity,
    public_key: ec.EllipticCurvePublicKey,
    authority: x509.Certificate,
    authority_key: CertificateIssuerPrivateKeyTypes,
) -> x509.Certificate:
    """A certificate for `identity`: a server's where it has hosts, else a client's."""
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, identity.user)]
    if identity.group:
        subject.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, identity.group))
    usage = ExtendedKeyUsageOID.SERVER_AUTH if identity.hosts else ExtendedKeyUsageOID.CLIENT_AUTH
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(subject))
        .issuer_name(authority.subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
    )
    if identity.hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName(_names(identity.hosts)), critical=False)
    return builder.sign(authority_key, hashes.SHA256())


def _names(hosts: Sequence[str | IPv4Address]) -> list[x509.GeneralName]:
    return [x509.DNSName(host) if isinstance(host, str) else x509.IPAddress(host) for host in hosts]


def kubeconfig_text(server: str, client: str) -> str:
    """A kubeconfig with the certificates inside, so that the file alone is enough."""
    name = settings.KUBE_CONTEXT
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": name, "cluster": {"server": server, "certificate-authority-data": _data(certificate("authority"))}}
        ],
        "users": [
            {
                "name": client,
                "user": {
                    "client-certificate-data": _data(certificate(client)),
                    "client-key-data": _data(key(client)),
                },
            }
        ],
        "contexts": [{"name": name, "context": {"cluster": name, "user": client}}],
        "current-context": name,
    }
    return yaml.safe_dump(document, sort_keys=False)


def _data(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _write_certificate(name: str, made: x509.Certificate) -> None:
    certificate(name).write_bytes(made.public_bytes(serialization.Encoding.PEM))


def _write_key(name: str, made: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    text = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    write_private(key(name), text.decode())


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, from its first byte on, and replaces an older one whole."""
    prepared = path.with_name(f".{path.name}.new")
    prepared.unlink(missing_ok=True)
    with os.fdopen(os.open(prepared, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    prepared.replace(path)
