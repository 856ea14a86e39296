"""The sender's real Postfix, in the root file system of its image and a network namespace of its own.

The code of this tree is laid over the image's; everything else is the container as it ships: its Postfix, its
supervisor as process 1, its spool. Outside of it stand a name server, a receiver and stand-ins for the gate's two
listeners, all in the same namespace, so that ports 25 and 53 are free.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from lab import settings

HOSTNAME, DOMAIN, PASSWORD = "amber.warmlane.test", "spring-sale.warmlane.test", "canary-93f1"
USERNAME = "spring-sale"
OUTSIDE = "203.0.113.25"
"""The receiver's address as DNS tells it."""
RECEIVER_PORT = 2525
WHITEOUT = ".wh."
CLONE_NEWNET = 0x40000000

ENTER = """
set -eu
root=$1 repository=$2
mount --make-rprivate /
for folder in services warmlane; do
    mkdir -p "$root/usr/lib/warmlane/$folder"
    mount --bind "$repository/$folder" "$root/usr/lib/warmlane/$folder"
done
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin PYTHONPATH=/usr/lib/warmlane PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 chroot "$root" python3 -m services.sender.postfix
"""


def unpacked(archive: Path, directory: Path) -> None:
    """Unpacks an OCI archive's layers, the lowest first."""
    with tarfile.open(archive) as outer:

        def blob(digest: str) -> IO[bytes]:
            member = outer.extractfile(f"blobs/{digest.replace(':', '/')}")
            assert member is not None
            return member

        index = outer.extractfile("index.json")
        assert index is not None
        manifest = json.load(blob(json.load(index)["manifests"][0]["digest"]))
        for layer in manifest["layers"]:
            with tarfile.open(fileobj=blob(layer["digest"]), mode="r:*") as inner:
                for member in inner:
                    _unpack(inner, member, directory)


def _unpack(layer: tarfile.TarFile, member: tarfile.TarInfo, directory: Path) -> None:
    """One entry of a layer. `.wh.<name>` says that the lower layers' entry is gone (OCI image specification)."""
    place = directory / member.name
    gone = place.with_name(place.name.removeprefix(WHITEOUT)) if place.name.startswith(WHITEOUT) else place
    if gone.is_symlink() or (gone.exists() and not (gone.is_dir() and member.isdir())):
        shutil.rmtree(gone) if gone.is_dir() and not gone.is_symlink() else gone.unlink()
    if gone is place:
        layer.extract(member, directory, filter="fully_trusted")


@contextmanager
def network() -> Iterator[None]:
    """This thread and what it starts, in a network namespace of their own with nothing but a loopback."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "no network namespace can be made")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["ip", "route", "add", f"{OUTSIDE}/32", "dev", "lo", "src", "127.0.0.1"], check=True)
        # Postfix listens on port 25 of every address and refuses its own as a mail exchanger, so the receiver stands
        # behind another one.
        rules = "add table ip t; add chain ip t out { type nat hook output priority -100; }; add rule ip t out "
        rules += f"ip daddr {OUTSIDE} tcp dport 25 dnat to 127.0.0.1:{RECEIVER_PORT}"
        subprocess.run(["nft", rules], check=True)
        yield
    finally:
        libc.setns(before, CLONE_NEWNET)
        os.close(before)


class Container:
    """The container `email-sender`; `root` is the image's file system."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.spool = root / "var/spool/postfix"
        self.log = root / "var/log/warmlane/mail.log"
        self._output = root.with_suffix(".out")
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def made(cls, archive: Path, directory: Path) -> Container:
        """An image's archive unpacked below `directory`, with the pod's mounts."""
        root = directory / "root"
        root.mkdir()
        unpacked(archive, root)
        mounts = {
            "etc/warmlane/config/config.json": json.dumps(
                {"campaign": USERNAME, "lane": "amber", "hostname": HOSTNAME, "sending_domain": DOMAIN}
            ),
            "etc/warmlane/submission/username": USERNAME,
            "etc/warmlane/submission/password": PASSWORD,
            "etc/resolv.conf": "nameserver 127.0.0.1\n",
        }
        for name, text in mounts.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.write_text(text)
        return cls(root)

    def start(self) -> None:
        """Starts the container and waits until port 25 is open."""
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", ENTER, "enter"]
                + [str(self.root), str(settings.REPOSITORY)],
                stdout=output,
                stderr=output,
            )
        self._until_listening(True)

    def stop(self) -> None:
        """SIGTERM to process 1, as the kubelet sends it, and waits for its end."""
        assert self._process is not None
        os.kill(self._init(), signal.SIGTERM)
        self._process.wait(45)

    def kill(self) -> None:
        """SIGKILL to process 1, which takes all others with it."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)
            self._until_listening(False)

    def _until_listening(self, expected: bool) -> None:
        deadline = time.monotonic() + 60
        while (b"0.0.0.0:25 " in subprocess.run(["ss", "-ltnH"], capture_output=True).stdout) != expected:
            assert time.monotonic() < deadline, self.output()
            assert not expected or (self._process and self._process.poll() is None), self.output()
            time.sleep(0.05)

    def output(self) -> str:
        """Standard output and error so far."""
        return self._output.read_text(errors="replace")

    def queue(self, name: str) -> list[str]:
        """The ids of a queue's messages."""
        return sorted(path.name for path in (self.spool / name).rglob("*") if path.is_file())

    def run(self, *command: str) -> str:
        """A command in the container, as `kubectl exec` runs it."""
        # Its process ids are its own: outside of it they name other processes.
        enter = ["nsenter", "--target", str(self._init()), "--mount", "--pid", "chroot", str(self.root)]
        ended = subprocess.run([*enter, *command], capture_output=True, text=True, timeout=60)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def _init(self) -> int:
        """The host's id of the container's process 1."""
        assert self._process is not None
        return int(Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()[0])

    def emptied(self) -> None:
        """A new spool and a new log."""
        for folder in (self.spool, self.log.parent):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()

    def removed(self) -> None:
        """Kills what runs and removes the file system."""
        self.kill()
        shutil.rmtree(self.root, ignore_errors=True)
