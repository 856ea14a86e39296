"""What the lab builds from source: one Go module in `tools/` per entry, pinned by its go.mod and go.sum."""

from __future__ import annotations

import hashlib
import platform
import re
from dataclasses import dataclass, field
from pathlib import Path

from lab import settings

TOOLS_DIRECTORY = settings.REPOSITORY / "tools"
KUBERNETES_MINOR = 35
KUBERNETES = f"1.{KUBERNETES_MINOR}.4"
PULUMI = "3.259.0"


@dataclass(frozen=True)
class Tool:
    """One Go module and the programs that come out of it.

    `programs` maps a program's name to its Go package, `tags` are build tags. `minutes` is the time of a first build on
    two cores, downloads included. `copied` maps a folder in the cache to the folder of `source_module` that it holds.
    """

    name: str
    version: str
    programs: dict[str, str]
    minutes: float
    variables: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    static: bool = False
    source_module: str | None = None
    copied: dict[str, str] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        """The Go module that pins this tool."""
        return TOOLS_DIRECTORY / self.name

    @property
    def ldflags(self) -> str:
        """Linker flags: no symbol tables, and the version stamped in where programs ask for it."""
        return " ".join(["-s -w", *(f"-X {name}={value}" for name, value in self.variables.items())])

    def key(self) -> str:
        """Name of the tool's folder in the cache; differs whenever the built programs may differ."""
        digest = hashlib.sha256()
        recipe = (
            self.programs,
            self.ldflags,
            *self.tags,
            self.static,
            self.source_module,
            self.copied,
            platform.machine(),
        )
        digest.update(repr(recipe).encode())
        for path in sorted(self.directory.iterdir()):
            if path.name in {"go.mod", "go.sum"} or path.suffix == ".go":
                digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return f"{self.name}-{self.version}-{digest.hexdigest()[:12]}"


_PULUMI_VERSION = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
_KUBERNETES_VERSION = "k8s.io/component-base/version"

TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            name="pulumi",
            version=PULUMI,
            programs={"pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"},
            # Without a version the Automation API refuses the CLI.
            variables={_PULUMI_VERSION: f"v{PULUMI}"},
            minutes=5,
        ),
        Tool(
            name="kubernetes",
            version=KUBERNETES,
            programs={
                name: f"k8s.io/kubernetes/cmd/{name}"
                for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubectl")
            },
            variables={
                f"{_KUBERNETES_VERSION}.gitVersion": f"v{KUBERNETES}",
                f"{_KUBERNETES_VERSION}.gitMajor": "1",
                f"{_KUBERNETES_VERSION}.gitMinor": str(KUBERNETES_MINOR),
            },
            minutes=5,
        ),
        Tool(
            name="cilium",
            version="1.20.2",
            programs={
                "cilium-agent": "github.com/cilium/cilium/daemon",
                "cilium-cni": "github.com/cilium/cilium/plugins/cilium-cni",
            },
            source_module="github.com/cilium/cilium",
            # The agent compiles its BPF programs on the node. The operator, which would bring the CRDs, does not build.
            copied={
                "bpf": "bpf",
                "crds/v2": "pkg/k8s/apis/cilium.io/client/crds/v2",
                "crds/v2alpha1": "pkg/k8s/apis/cilium.io/client/crds/v2alpha1",
            },
            minutes=4,
        ),
        Tool(
            name="etcd",
            version="3.7.3",
            programs={"etcd": "go.etcd.io/etcd/server/v3"},
            minutes=1,
        ),
        Tool(
            name="coredns",
            version="1.15.0",
            programs={"coredns": "github.com/coredns/coredns"},
            static=True,
            minutes=2,
        ),
        Tool(
            name="prometheus",
            # The module's version of release 3.13.5.
            version="0.313.5",
            programs={name: f"github.com/prometheus/prometheus/cmd/{name}" for name in ("prometheus", "promtool")},
            variables={"github.com/prometheus/common/version.Version": "3.13.5"},
            # Debian's is built without discovery in Kubernetes; all the others are left out here.
            tags=("remove_all_sd", "enable_kubernetes_sd"),
            static=True,
            minutes=2,
        ),
        Tool(
            name="pause",
            version="1",
            programs={"pause": "warmlane.dev/tools/pause"},
            static=True,
            minutes=0.2,
        ),
    )
}
"""Every tool by name. `static`: the program goes into an image, so it may not need the machine's C library."""


def go_needed() -> tuple[int, int]:
    """The Go version that the tools' modules ask for, as (major, minor)."""
    found = [
        re.search(r"^go (\d+)\.(\d+)", (tool.directory / "go.mod").read_text(), re.MULTILINE) for tool in TOOLS.values()
    ]
    return max((int(match[1]), int(match[2])) for match in found if match)


def folder(tool: Tool) -> Path:
    """Where a tool's programs lie once they are built."""
    return settings.CACHE / "tools" / tool.key()


def missing() -> list[Tool]:
    """Tools that are not in the cache, in the order in which they are built."""
    return [tool for tool in TOOLS.values() if not folder(tool).is_dir()]


def minutes_left(tools: list[Tool]) -> int:
    """Expected minutes on two cores for building `tools`, at least 1 when there is anything to do."""
    return max(1, round(sum(tool.minutes for tool in tools))) if tools else 0
