"""What a bare machine lacks is named at once."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab import settings
from lab.node import checkup
from lab.toolchain import packages

BOOTSTRAP = settings.REPOSITORY / "lab/bootstrap"


LIST = settings.REPOSITORY / "lab/toolchain/debian-packages.txt"
INSTALLS = "install --yes --no-remove --no-install-recommends"


def needed() -> list[str]:
    return [line for line in LIST.read_text().splitlines() if line and not line.startswith("#")]


def test_the_list_holds_each_package_once() -> None:
    names = needed()
    assert len(names) == len(set(names))
    assert {"containerd", "runc", "buildah", "debootstrap", "clang-19", "llvm-19", "postgresql"} <= set(names)


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """The environment of a person without root, Python, packages, disk and memory, by small programs first on PATH."""
    programs = tmp_path / "bin"
    programs.mkdir()
    script(programs / "id", "echo 1000")
    script(programs / "dpkg-query", "exit 1")
    script(programs / "apt-get", "echo must not run >&2; exit 1")
    script(programs / "docker", "exit 1")
    script(programs / "df", "printf 'head\\n/dev/x 1 1 2097152 1 /\\n'")
    script(programs / "awk", 'case "$*" in *MemTotal*) echo 2 ;; *) exec /usr/bin/awk "$@" ;; esac')
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        script(programs / name, "exit 1")
    return {**os.environ, "PATH": f"{programs}:/usr/bin:/bin", "WARMLANE_CACHE": str(tmp_path), "PYTHON": ""}


def run(environment: dict[str, str], verb: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BOOTSTRAP, verb], env=environment, capture_output=True, text=True, timeout=60)


def test_everything_that_is_missing_is_named_at_once_with_its_command(bare: dict[str, str]) -> None:
    result = run(bare, "lab")
    assert result.returncode == 3
    lines = result.stderr.splitlines()
    assert lines[0] == "Missing on this machine:"
    expected = [
        "Python 3.11",
        "Debian packages: sudo apt-get",
        "root, or a Docker daemon",
        f"disk: 2 GB free at {bare['WARMLANE_CACHE']}, 20 GB needed",
        "disk: 2 GB free at /var/lib/warmlane-lab, 4 GB needed",
        "memory: 2 GB",
    ]
    for line, beginning in zip(lines[1:], expected, strict=True):
        assert line.startswith(f"  - {beginning}"), line
    assert set(needed()) <= set(lines[2].split()), f"the command lacks packages: {lines[2]}"


def test_a_built_cache_needs_no_disk_for_a_build(bare: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "tools/kubernetes-1").mkdir(parents=True)
    assert "20 GB needed" not in run(bare, "lab").stderr


def test_the_doctor_shows_what_bootstrap_looks_at(bare: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in bare.items():
        monkeypatch.setenv(name, value)
    found = {one.what: one for one in checkup.findings()}
    told = [line[4:] for line in run(bare, "lab").stderr.splitlines()[1:]]
    assert set(told) == {f"{one.what}: {one.remedy}" for one in list(found.values())[: len(told)]}
    assert not any(one.well for one in list(found.values())[: len(told)])


def dpkg_lists(tmp_path: Path, *lines: str) -> None:
    """Makes `dpkg-query` list packages: status, name, comma, and what they provide."""
    listing = "\n".join(lines)
    script(tmp_path / "bin/dpkg-query", f"cat <<'END'\n{listing}\nEND")


def missing(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.setenv("PATH", environment["PATH"])
    return set(packages.missing_packages())


def test_only_what_dpkg_calls_installed_is_not_missing(
    bare: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert missing(bare, monkeypatch) == set(needed())
    dpkg_lists(tmp_path, "ii  runc, ", "rc  buildah, ", "hi  nftables, ", "un  socat, ", "ii  kmodern, kmod-less")
    assert missing(bare, monkeypatch) == set(needed()) - {"runc", "nftables"}


def test_dockers_own_containerd_is_taken(bare: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dpkg_lists(tmp_path, "ii  containerd.io, containerd, runc", "rc  other, socat", "ii  new-mount, mount (= 2.38)")
    assert missing(bare, monkeypatch) == set(needed()) - {"containerd", "runc", "mount"}


def test_the_quick_tests_need_only_python(bare: dict[str, str]) -> None:
    lines = run(bare, "quick").stderr.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("  - Python 3.11")


@pytest.mark.parametrize(
    ("uid", "daemon", "where"), [("0", "exit 1", "here"), ("1000", "exit 0", "docker"), ("1000", "exit 1", "nowhere")]
)
def test_where_the_lab_runs(bare: dict[str, str], tmp_path: Path, uid: str, daemon: str, where: str) -> None:
    script(tmp_path / "bin/id", f"echo {uid}")
    script(tmp_path / "bin/docker", daemon)
    assert run(bare, "where").stdout.strip() == where


@dataclass
class Debian:
    """A Debian machine on which this user is root; `apt-get` runs a shell script in it."""

    root: Path
    environment: dict[str, str]

    def apt_does(self, commands: str) -> None:
        log = self.root / "apt"
        python = f"ln -sf /bin/true {self.root}/bin/python3.11"
        script(self.root / "bin/apt-get", f'echo "$@" >>{log}\n[ "$1" = install ] || exit 0\n{python}\n{commands}')

    def link(self, name: str) -> Path:
        path = self.root / "etc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to("/nowhere")
        return path

    @property
    def policy(self) -> Path:
        return self.root / "usr/sbin/policy-rc.d"

    @property
    def calls(self) -> list[str]:
        """Calls of the programs that switch services, in order."""
        log = self.root / "calls"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def debian(bare: dict[str, str], tmp_path: Path) -> Debian:
    script(tmp_path / "bin/id", "echo 0")
    script(tmp_path / "bin/df", "printf 'head\\n/dev/x 1 1 104857600 1 /\\n'")
    script(tmp_path / "bin/awk", 'case "$*" in *MemTotal*) echo 16 ;; *) exec /usr/bin/awk "$@" ;; esac')
    for name in ("update-rc.d", "service", "systemctl"):
        script(tmp_path / "bin" / name, f'echo {name} "$@" >>{tmp_path}/calls')
    (tmp_path / "usr/sbin").mkdir(parents=True)
    bare["DPKG_ROOT"] = str(tmp_path)
    machine = Debian(tmp_path, bare)
    machine.apt_does("true")
    return machine


def test_as_root_on_debian_it_installs_what_is_missing(debian: Debian) -> None:
    # The fake installation brings a Python that answers; the plan afterwards is not what is tested here.
    result = run(debian.environment, "lab")
    asked = (debian.root / "apt").read_text().splitlines()
    assert asked[0] == "update", "a new machine's package lists are empty"
    assert asked[1].startswith(f"{INSTALLS} python3 python3-venv ")
    assert set(needed()) <= set(asked[1].split())
    assert result.returncode == 0, result.stderr


ENABLES = """
cat "$DPKG_ROOT/usr/sbin/policy-rc.d" >"$DPKG_ROOT/policy-seen"
mkdir -p "$DPKG_ROOT/etc" && cd "$DPKG_ROOT/etc"
mkdir -p systemd/system/multi-user.target.wants rc2.d rc3.d
ln -s /nowhere systemd/system/multi-user.target.wants/prometheus.service
ln -s /nowhere rc2.d/S01postgresql
ln -s /nowhere rc2.d/K01quiet
"""


@pytest.mark.parametrize("code", [0, 1])
def test_services_that_come_along_neither_run_nor_start_with_the_machine(debian: Debian, code: int) -> None:
    kept = [debian.link("systemd/system/multi-user.target.wants/nginx.service"), debian.link("rc2.d/S01cron")]
    debian.apt_does(f"{ENABLES}\nexit {code}")
    result = run(debian.environment, "lab")

    assert result.returncode == 3 * code, result.stderr
    assert (debian.root / "policy-seen").read_text() == "#!/bin/sh\nexit 101\n", "nothing may start while apt installs"
    assert not debian.policy.exists(), "what is installed later starts as the machine wants it to"
    assert all(path.is_symlink() for path in kept), "what the machine had enabled stays enabled"
    assert not (debian.root / "etc/systemd/system/multi-user.target.wants/prometheus.service").is_symlink()
    assert [call for call in debian.calls if not call.startswith("systemctl")] == [
        "update-rc.d postgresql disable",
        "service postgresql stop",
    ]


def test_the_machines_own_word_on_services_is_left(debian: Debian) -> None:
    debian.policy.write_text("#!/bin/sh\nexit 0\n")
    debian.apt_does(ENABLES)
    assert run(debian.environment, "lab").returncode == 0
    assert debian.policy.read_text() == "#!/bin/sh\nexit 0\n"
    assert "service postgresql stop" in debian.calls, "its own word let the service start"
