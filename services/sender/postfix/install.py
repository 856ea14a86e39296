"""Puts what Postfix needs into the container's writable folders."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from services.sender.postfix import render
from services.sender.postfix.capacity import memory_limit, process_limit
from services.sender.settings import LOG_DIRECTORY, SPOOL, Credentials, Settings
from warmlane.handover import EXPORTED_DIRECTORY

PACKAGED = Path("/usr/share/warmlane-postfix")
"""Debian's /etc/postfix as the image was built with it."""
CERTIFICATE_DAYS = 3650


def owner() -> pwd.struct_passwd:
    """The user that Postfix' unprivileged processes and the gate run as."""
    return pwd.getpwnam("postfix")


def directories() -> None:
    """Makes the folders and gives each to whom Postfix expects. A volume starts as root's and writable by all."""
    postfix = owner()
    if not Path(render.CONFIG_DIRECTORY).exists():
        shutil.copytree(PACKAGED, render.CONFIG_DIRECTORY, symlinks=True)
    for path, uid, gid, mode in (
        (Path(render.RUNTIME), 0, 0, 0o755),
        (Path(render.SASL_DIRECTORY), 0, postfix.pw_gid, 0o750),
        (Path(render.TLS_CERTIFICATE).parent, 0, 0, 0o700),
        (Path(render.DATA_DIRECTORY), postfix.pw_uid, 0, 0o700),
        (SPOOL, 0, 0, 0o755),
        (LOG_DIRECTORY, postfix.pw_uid, postfix.pw_gid, 0o750),
    ):
        path.mkdir(parents=True, exist_ok=True)
        # Mode before owner: afterwards only CAP_FOWNER could, and the pod does without it.
        if path.stat().st_mode & 0o7777 != mode:
            path.chmod(mode)
        os.chown(path, uid, gid)


def exports(directory: Path = Path(EXPORTED_DIRECTORY)) -> None:
    """Gives the volume for what no sibling takes to the gate's user, where there is such a volume.

    One that refuses (a share of NFS that squashes root) is made for its users by whoever provides it.
    """
    if directory.is_dir():
        with contextlib.suppress(PermissionError):
            directory.chmod(0o700)
            os.chown(directory, owner().pw_uid, owner().pw_gid)


def configuration(settings: Settings, credentials: Credentials, *, draining: bool = False) -> None:
    """Writes Postfix' configuration, each file at once."""
    processes = process_limit(memory_limit())
    for name, text in render.files(settings, credentials, processes=processes, draining=draining).items():
        path = Path(name)
        unfinished = path.with_name(path.name + ".new")
        unfinished.write_text(text)
        unfinished.chmod(0o644)
        os.replace(unfinished, path)


def held() -> None:
    """Puts all mail into `hold`, before Postfix runs: whatever was on its way when it stopped waits for another token.

    A new spool has no queues yet; Postfix makes them. Raises CalledProcessError.
    """
    queues = [queue for queue in ("incoming", "active", "deferred") if (SPOOL / queue).is_dir()]
    if queues:
        subprocess.run(["postsuper", "-h", "ALL", *queues], check=True)


def sasl_database(settings: Settings, credentials: Credentials) -> None:
    """Makes the SASL database anew with the one user, so that an old password is gone.

    The password goes by standard input, where no process list shows it.
    """
    database = Path(render.SASL_DATABASE)
    unfinished = database.with_name("sasldb2.new")
    unfinished.unlink(missing_ok=True)
    subprocess.run(
        ["saslpasswd2", "-p", "-c", "-f", str(unfinished), "-u", settings.hostname, credentials.username],
        input=credentials.password,
        text=True,
        check=True,
    )
    unfinished.chmod(0o640)
    os.chown(unfinished, 0, owner().pw_gid)
    os.replace(unfinished, database)


def certificate(hostname: str) -> None:
    """Makes a key and a self-signed certificate for STARTTLS.

    They keep the password from those who read along in the cluster's network. They do not prove who the sender is: that
    a producer reaches no other pod is the network policies' work.
    """
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-batch"]
        + ["-days", str(CERTIFICATE_DAYS), "-subj", "/CN=" + hostname[-64:].lstrip(".")]
        + ["-addext", f"subjectAltName=DNS:{hostname}", "-keyout", render.TLS_KEY, "-out", render.TLS_CERTIFICATE],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    os.chmod(render.TLS_KEY, 0o600)
