"""How this machine reaches Debian's and Python's packages, for builds: its mirrors, its proxy, its certificates.

All of it is read from the machine and handed to a build as mounts, so nothing of it stays in an image.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

SUITES = ("bookworm", "bookworm-updates", "bookworm-security")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
CERTIFICATES_IN_BUILD = "/run/warmlane-build/ca-certificates.crt"
PIP_CONFIG_IN_BUILD = "/etc/pip.conf"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
INDEX_FORMAT = "$(REPO_URI) $(RELEASE) $(COMPONENT)"

_ACQUIRE = re.compile(r'^Acquire::(?!IndexTargets|Changelogs|Languages|Gzip|Compression)[^"]* "[^"]+";$')
"""Settings about how to download; those about what to download belong to the machine alone."""


PIP_DOWNLOADS = (
    "index-url",
    "extra-index-url",
    "find-links",
    "trusted-host",
    "proxy",
    "timeout",
    "retries",
    "no-index",
)
"""Settings of pip about where packages come from; all others belong to the machine alone."""

_PIP = re.compile(r"^[^.]+\.(?:default-)?(?P<name>[a-z-]+)='(?P<value>.*)'$")
_PROXY = re.compile(r'^Acquire::http::Proxy "([^"]+)";$')


def _output(command: list[str]) -> list[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    except FileNotFoundError:
        return []


def repositories() -> list[tuple[str, str]]:
    """(URI, suite) of the Debian 12 repositories that this machine's apt uses, in its order."""
    return debian_repositories(_output(["apt-get", "indextargets", "--format", INDEX_FORMAT, "Created-By: Packages"]))


def debian_repositories(lines: Iterable[str]) -> list[tuple[str, str]]:
    """The (URI, suite) pairs of Debian 12's main component in the output of `apt-get indextargets`."""
    found = list[tuple[str, str]]()
    for line in lines:
        parts = line.split()
        if len(parts) == 3 and parts[1] in SUITES and parts[2] == "main" and (parts[0], parts[1]) not in found:
            found.append((parts[0], parts[1]))
    return found


def mirror(found: Iterable[tuple[str, str]]) -> str | None:
    """The mirror for debootstrap; None leaves it to debootstrap's own default."""
    return next((uri for uri, suite in found if suite == SUITES[0]), None)


def apt_settings(lines: Iterable[str]) -> list[str]:
    """Download settings (proxy, timeouts, certificates) out of `apt-config dump`, fit for a build."""
    kept = [line for line in lines if _ACQUIRE.match(line) and "::CaInfo" not in line and "::CaPath" not in line]
    return [*kept, f'Acquire::https::CaInfo "{CERTIFICATES_IN_BUILD}";']


def download_environment() -> dict[str, str]:
    """The environment of debootstrap, which knows nothing of apt's proxy and takes its own from a variable."""
    proxies = [match[1] for line in _output(["apt-config", "dump"]) if (match := _PROXY.match(line))]
    return {**os.environ, **({"http_proxy": proxies[0]} if proxies else {})}


def pip_settings(lines: Iterable[str]) -> dict[str, str]:
    """Download settings out of `pip config list`, which tells those of files before those of variables."""
    found = (_PIP.match(line) for line in lines)
    return {each["name"]: each["value"] for each in found if each and each["name"] in PIP_DOWNLOADS}


def pip_config(given: Mapping[str, str]) -> str:
    """pip's own configuration file for a build."""
    return "\n".join(["[global]", *(f"{name} = {value}" for name, value in given.items()), ""])


def build_mounts(directory: Path) -> list[str]:
    """Writes the machine's settings below `directory` and returns buildah's `--volume` options that mount them."""
    directory.mkdir(parents=True, exist_ok=True)
    config = directory / "apt.conf"
    config.write_text("\n".join(apt_settings(_output(["apt-config", "dump"]))) + "\n")
    given = pip_settings(_output([sys.executable, "-m", "pip", "config", "list"]))
    pip = directory / "pip.conf"
    certificates = {"cert": CERTIFICATES_IN_BUILD} if CERTIFICATES.exists() else {}
    pip.write_text(pip_config({**given, **certificates}))
    mounts = {config: "/etc/apt/apt.conf.d/90machine", pip: PIP_CONFIG_IN_BUILD}
    mounts |= {Path(place): place for place in given.get("find-links", "").split() if Path(place).is_dir()}
    found = repositories()
    if found:
        sources = directory / "sources.list"
        sources.write_text("".join(f"deb [signed-by={KEYRING}] {uri} {suite} main\n" for uri, suite in found))
        mounts[sources] = "/etc/apt/sources.list"
    if CERTIFICATES.exists():
        mounts[CERTIFICATES] = CERTIFICATES_IN_BUILD
    logins = Path("/etc/apt/auth.conf.d")
    if logins.is_dir() and any(logins.iterdir()):
        mounts[logins] = str(logins)
    # Where apt runs as its own user in the build, that user reads these files.
    for path in (directory, config, pip):
        os.chmod(path, 0o755 if path.is_dir() else 0o644)
    return [option for source, target in mounts.items() for option in ("--volume", f"{source}:{target}:ro")]
