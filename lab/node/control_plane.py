"""The Kubernetes control plane: API server, controller manager and scheduler, in the node's namespaces."""

from __future__ import annotations

import sys
from pathlib import Path

from lab import settings
from lab.network.commands import CommandFailed, run
from lab.node import api, etcd, pki
from lab.node.processes import Service

ISSUER = "https://kubernetes.default.svc.cluster.local"


def api_server(program: Path) -> Service:
    """The API server, with Kubernetes' default admission plugins: Pod Security, quota and LimitRange among them."""
    return Service(
        name="kube-apiserver",
        namespace=settings.NODE_NETNS,
        node=True,
        command=[
            program,
            f"--etcd-servers={etcd.CLIENT_URL}",
            "--bind-address=0.0.0.0",
            "--secure-port=6443",
            f"--advertise-address={settings.NODE_ADDRESS}",
            f"--service-cluster-ip-range={settings.SERVICE_NETWORK}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            f"--client-ca-file={pki.certificate('authority')}",
            f"--tls-cert-file={pki.certificate('api-server')}",
            f"--tls-private-key-file={pki.key('api-server')}",
            f"--kubelet-certificate-authority={pki.certificate('authority')}",
            f"--kubelet-client-certificate={pki.certificate('api-server-kubelet-client')}",
            f"--kubelet-client-key={pki.key('api-server-kubelet-client')}",
            # exec and logs reach the kubelet by its address: the node's name is in no DNS.
            "--kubelet-preferred-address-types=InternalIP",
            f"--service-account-issuer={ISSUER}",
            f"--service-account-key-file={pki.key('service-accounts')}",
            f"--service-account-signing-key-file={pki.key('service-accounts')}",
            "--profiling=false",
        ],
        ready=lambda: api.answers("/readyz"),
    )


def controller_manager(program: Path) -> Service:
    """The controller manager; it gives the node its range of pod addresses, as there is no Cilium operator to do it."""
    return Service(
        name="kube-controller-manager",
        namespace=settings.NODE_NETNS,
        node=True,
        command=[
            program,
            f"--kubeconfig={pki.kubeconfig('controller-manager')}",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
            "--use-service-account-credentials=true",
            "--allocate-node-cidrs=true",
            f"--cluster-cidr={settings.POD_NETWORK}",
            f"--service-cluster-ip-range={settings.SERVICE_NETWORK}",
            f"--root-ca-file={pki.certificate('authority')}",
            f"--service-account-private-key-file={pki.key('service-accounts')}",
            "--profiling=false",
        ],
        ready=lambda: _healthy(10257),
    )


def scheduler(program: Path) -> Service:
    return Service(
        name="kube-scheduler",
        namespace=settings.NODE_NETNS,
        node=True,
        command=[
            program,
            f"--kubeconfig={pki.kubeconfig('scheduler')}",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
            "--profiling=false",
        ],
        ready=lambda: _healthy(10259),
    )


def _healthy(port: int) -> bool:
    """Whether a part of the control plane says it is well, on the node's loopback, with a certificate of its own."""
    code = (
        "import ssl, urllib.request as r; "
        f"r.urlopen('https://127.0.0.1:{port}/healthz', timeout=2, context=ssl._create_unverified_context())"
    )
    try:
        run(sys.executable, "-c", code, namespace=settings.NODE_NETNS, timeout=5)
    except CommandFailed:
        return False
    return True
