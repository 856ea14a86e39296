"""Where the cluster is and who asks: one context of a kubeconfig."""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Section = dict[str, Any]

EXEC_SECONDS = 60
"""How long a kubeconfig's own program (`aws eks get-token` and the like) may take to say who asks."""


class KubeconfigError(Exception):
    """A kubeconfig that is missing, or that says something which is not supported."""


@dataclass(frozen=True)
class Connection:
    """The API server's address, how to trust it, how to be known to it, and the context's default namespace."""

    server: str
    tls: ssl.SSLContext | None
    headers: Mapping[str, str]
    namespace: str


@dataclass(frozen=True)
class Place:
    """The context that a provider's settings choose: names and address, to tell one cluster from another."""

    context: str | None
    cluster: str
    server: str


def place(settings: Mapping[str, Any]) -> Place:
    """Which cluster the settings mean. Raises KubeconfigError."""
    document = _document(settings.get("kubeconfig"))
    name, context, cluster = _chosen(document, settings)
    return Place(name, settings.get("cluster") or context["cluster"], cluster["server"])


def connection(settings: Mapping[str, Any]) -> Connection:
    """The connection that a provider's settings (`kubeconfig`, `context`, `cluster`, `namespace`) choose.

    `kubeconfig` is a path or a document; without it $KUBECONFIG or the default file. Raises KubeconfigError.
    """
    document = _document(settings.get("kubeconfig"))
    _, context, cluster = _chosen(document, settings)
    user = _named(document, "users", context.get("user"))["user"] or {}
    if "exec" in user:
        user = _asked(user["exec"])
    if "auth-provider" in user:
        raise KubeconfigError("the kubeconfig uses an auth-provider, which Kubernetes removed; use `exec` instead")
    tls = _tls(cluster, user) if cluster["server"].startswith("https:") else None
    namespace = settings.get("namespace") or context.get("namespace") or "default"
    return Connection(cluster["server"].rstrip("/"), tls, _headers(user), namespace)


def _document(kubeconfig: str | None) -> Section:
    text = kubeconfig or ""
    if "\n" not in text and not text.lstrip().startswith("{"):
        given = kubeconfig or os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
        path = Path(given).expanduser() if given else Path.home() / ".kube" / "config"
        if not path.is_file():
            raise KubeconfigError(f"there is no kubeconfig at {path}; set KUBECONFIG (for the lab: `warmlane lab env`)")
        text = path.read_text()
    try:
        document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise KubeconfigError(f"the kubeconfig is not valid YAML: {error}") from None
    if not isinstance(document, dict):
        raise KubeconfigError("the kubeconfig is not a YAML mapping")
    return document


def _chosen(document: Section, settings: Mapping[str, Any]) -> tuple[str | None, Section, Section]:
    """Name of the context, the context, its cluster."""
    name = settings.get("context") or document.get("current-context")
    context: Section = _named(document, "contexts", name)["context"]
    cluster: Section = _named(document, "clusters", settings.get("cluster") or context.get("cluster"))["cluster"]
    return name, context, cluster


def _named(document: Section, section: str, name: str | None) -> Section:
    entries: list[Section] = document.get(section) or []
    for entry in entries:
        if entry["name"] == name:
            return entry
    known = ", ".join(entry["name"] for entry in entries) or "none"
    raise KubeconfigError(f"the kubeconfig has no {section[:-1]} {name!r}; it has {known}")


def _asked(program: Section) -> Section:
    """What a credential program says, in the words of a kubeconfig's user (client.authentication.k8s.io)."""
    variables = {entry["name"]: entry["value"] for entry in program.get("env") or []}
    version = program.get("apiVersion", "client.authentication.k8s.io/v1")
    asked = {"apiVersion": version, "kind": "ExecCredential", "spec": {"interactive": False}}
    command = [program["command"], *(program.get("args") or [])]
    env = {**os.environ, **variables, "KUBERNETES_EXEC_INFO": json.dumps(asked)}
    try:
        done = subprocess.run(command, env=env, capture_output=True, timeout=EXEC_SECONDS, check=True)
        status = json.loads(done.stdout)["status"]
    except subprocess.CalledProcessError as error:
        raise KubeconfigError(f"`{' '.join(command)}` failed: {error.stderr.decode(errors='replace')}") from None
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
        raise KubeconfigError(f"`{' '.join(command)}` gave no credentials: {error}") from None
    names = {
        "token": "token",
        "clientCertificateData": "client-certificate-data",
        "clientKeyData": "client-key-data",
    }
    found = {ours: status[theirs] for theirs, ours in names.items() if theirs in status}
    # An ExecCredential holds PEM text, a kubeconfig its base64.
    return {key: value if key == "token" else base64.b64encode(value.encode()) for key, value in found.items()}


def _headers(user: Section) -> dict[str, str]:
    token = user.get("token")
    if "tokenFile" in user:
        token = Path(user["tokenFile"]).read_text().strip()
    if token:
        return {"Authorization": f"Bearer {token}"}
    if "username" in user:
        pair = f"{user['username']}:{user.get('password', '')}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {}


def _tls(cluster: Section, user: Section) -> ssl.SSLContext:
    authority = cluster.get("certificate-authority-data")
    tls = ssl.create_default_context(
        cafile=cluster.get("certificate-authority"),
        cadata=base64.b64decode(authority).decode() if authority else None,
    )
    if cluster.get("insecure-skip-tls-verify"):
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    if "client-certificate-data" in user:
        # The ssl module reads a client's key from a file only; this one is gone before anything is asked.
        with tempfile.NamedTemporaryFile(prefix="warmlane-", suffix=".pem") as pair:
            pair.write(base64.b64decode(user["client-certificate-data"]) + b"\n")
            pair.write(base64.b64decode(user["client-key-data"]))
            pair.flush()
            tls.load_cert_chain(pair.name)
    elif "client-certificate" in user:
        tls.load_cert_chain(user["client-certificate"], user["client-key"])
    return tls
