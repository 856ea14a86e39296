"""Brings up what is not up, part by part, in the order in which they need each other."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from lab import images as built_images
from lab import settings
from lab.images import Image
from lab.network import topology
from lab.node import (
    adopted,
    api,
    cilium,
    confines,
    containerd,
    control_plane,
    dns,
    etcd,
    images,
    kubelet,
    pki,
    reflector,
    secrets,
    storage,
)
from lab.node.holder import Holder
from lab.node.processes import NotReady, Service, Started, start, wait_ready
from lab.receivers import services as outside
from lab.toolchain import Report, Toolbox

AWS = "aws"
_APPLIED = settings.STATE / "applied"


@dataclass(frozen=True)
class Bringup:
    """One run of `lab up`: the tools, the record of processes, and where progress is told."""

    toolbox: Toolbox
    holder: Holder
    report: Report

    def run(self) -> None:
        """Everything. Raises NotReady, CommandFailed, ApiError or StepFailed."""
        self.world()
        wanted = built_images.ensure(self.report)
        containerd.prepare(self.toolbox.path("cilium-cni"), wanted["pause"].reference)
        self.keep(containerd.service())
        with ThreadPoolExecutor(1) as pool:
            # Unpacking takes the disk, the control plane's start the processors: both at once.
            own = {name: wanted[name] for name in ("pause", "coredns")}
            first, rest = pool.submit(images.load, own), pool.submit(images.load, wanted)
            self.outside()
            self.control_plane()
            self.node()
            first.result()
            self.cluster(wanted)
            try:
                rest.result(timeout=1)
            except TimeoutError:
                self.report("loading the images")
                rest.result()
        secrets.ensure()
        adopted.ensure()
        images.write_references(wanted)

    def keep(self, service: Service) -> None:
        """Starts a service unless it runs already."""
        if self.holder.alive(service.name):
            return
        self.report(f"starting {service.name}")

        def record(process: Started) -> None:
            self.holder.processes[service.name] = process
            self.holder.save()

        wait_ready(service, start(service, record))

    def world(self) -> None:
        """Namespaces, links, mounts and cgroups."""
        if not topology.standing():
            self.report("making the network namespaces")
            topology.create()
        if not confines.standing():
            confines.create()
        settings.LOGS.mkdir(parents=True, exist_ok=True)
        settings.PULUMI_BACKEND.mkdir(parents=True, exist_ok=True)

    def outside(self) -> None:
        """What stands beside the node: DNS, receivers, AWS."""
        outside.prepare()
        self.keep(outside.dns(self.toolbox.path("coredns")))
        self.keep(outside.receivers())
        reflector.prepare()
        self.keep(reflector.service())
        if not settings.AWS_QUOTAS.exists():
            settings.AWS_QUOTAS.write_text("{}\n")
        self.keep(aws_service())

    def control_plane(self) -> None:
        pki.ensure()
        self.keep(etcd.service(self.toolbox.path("etcd")))
        self.keep(control_plane.api_server(self.toolbox.path("kube-apiserver")))
        self.keep(control_plane.controller_manager(self.toolbox.path("kube-controller-manager")))
        self.keep(control_plane.scheduler(self.toolbox.path("kube-scheduler")))
        # One that was killed and started again may have been away for longer than its clients remember it.
        self.wait("the API server", lambda: api.answers("/readyz"), seconds=60)

    def node(self) -> None:
        kubelet.prepare()
        self.keep(kubelet.service(self.toolbox.path("kubelet")))
        self.once(
            "cilium-crds",
            str(self.toolbox.crds),
            lambda: cilium.custom_resources(self.toolbox.path("kubectl"), self.toolbox.crds),
        )
        cilium.prepare(self.toolbox.bpf)
        self.keep(cilium.service(self.toolbox.path("cilium-agent"), os.environ.get("PATH", "/usr/bin:/bin")))
        self.wait("the node", kubelet.node_ready, seconds=60)

    def cluster(self, wanted: dict[str, Image]) -> None:
        """What runs in the cluster: DNS, volumes, load balancer addresses."""
        storage.prepare()
        manifests = [*storage.manifests(), *dns.manifests(wanted["coredns"].reference)]
        kubectl = self.toolbox.path("kubectl")
        self.once("manifests", json.dumps(manifests), lambda: api.apply(kubectl, manifests))
        self.keep(caretaker_service())
        self.wait("the cluster's DNS", dns.ready, seconds=90)

    def once(self, name: str, content: str, action: Callable[[], None]) -> None:
        """Does something unless it was done to this lab with the same content."""
        _APPLIED.mkdir(parents=True, exist_ok=True)
        marker = _APPLIED / name
        digest = hashlib.sha256(content.encode()).hexdigest()
        if marker.exists() and marker.read_text() == digest:
            return
        action()
        marker.write_text(digest)

    def wait(self, what: str, ready: Callable[[], bool], seconds: float) -> None:
        """Waits for a part of the cluster. Raises NotReady."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if ready():
                    return
                problem = "not ready"
            except api.ApiError as error:
                problem = str(error)
            if time.monotonic() > deadline:
                raise NotReady(f"{what} was not ready after {seconds:.0f} s ({problem}); logs lie in {settings.LOGS}")
            time.sleep(0.25)


def aws_service() -> Service:
    """moto with AWS' refusals. Its state is in its memory: when it dies, what Pulumi remembers is wrong."""
    return Service(
        name=AWS,
        command=[sys.executable, "-m", "lab.aws.server", "--quotas", str(settings.AWS_QUOTAS)],
        environment={"WARMLANE_LAB_WORLD": "1"},
        ready=_aws_answers,
    )


def _aws_answers() -> bool:
    place = urlsplit(settings.AWS_ENDPOINT)
    try:
        socket.create_connection((place.hostname or "", place.port or 0), 1).close()
    except OSError:
        return False
    return True


def caretaker_service() -> Service:
    return Service(name="caretaker", command=[sys.executable, "-m", "lab.node.caretaker"], ready=lambda: True)
