"""A PostgreSQL server of its own for tests and bench: in a temporary directory, on a socket, gone afterwards."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

NOBODY = 65534
"""uid and gid that run it where root runs the tests: PostgreSQL refuses to be root."""
SECONDS_TO_START = 30.0
INSTALLED = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Server:
    """A running server; all logins ask for a password, as the platform's store does."""

    directory: Path
    superuser_password: str

    def url(self, database: str = "postgres", user: str = "postgres", password: str | None = None) -> str:
        """How SQLAlchemy reaches a database as a user."""
        word = quote(password if password is not None else self.superuser_password, safe="")
        return f"postgresql+psycopg://{user}:{word}@/{database}?host={self.directory}"


def programs() -> Path:
    """The directory of the newest installed server's programs. Raises FileNotFoundError with what to install."""
    found = sorted(INSTALLED.glob("*/bin"), key=lambda path: int(path.parent.name))
    if not found:
        raise FileNotFoundError(f"no PostgreSQL server under {INSTALLED}; install the Debian package postgresql")
    return found[-1]


@contextmanager
def server() -> Iterator[Server]:
    """Starts a server and stops it at the end."""
    directory = Path(tempfile.mkdtemp(prefix="warmlane-pg-"))
    try:
        run_as = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        if run_as:
            os.chown(directory, NOBODY, NOBODY)
        running = Server(directory, secrets.token_urlsafe(16))
        word = directory / "password"
        word.write_text(running.superuser_password)
        data = directory / "data"
        initdb = [programs() / "initdb", f"--pgdata={data}", "--username=postgres", "--auth=scram-sha-256"]
        initdb += [f"--pwfile={word}", "--encoding=UTF8", "--locale=C.UTF-8"]
        subprocess.run(initdb, check=True, capture_output=True, cwd=directory, **run_as)  # type: ignore[call-overload]
        process = subprocess.Popen(
            [
                programs() / "postgres",
                "-D",
                data,
                "-c",
                "listen_addresses=",
                "-c",
                f"unix_socket_directories={directory}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=(directory / "log").open("wb"),
            cwd=directory,
            **run_as,  # type: ignore[arg-type]
        )
        try:
            _await(process, directory)
            yield running
        finally:
            # "Immediate": its data go, too.
            process.send_signal(signal.SIGQUIT)
            process.wait()
    finally:
        shutil.rmtree(directory)


def _await(process: subprocess.Popen[bytes], directory: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    ready = [programs() / "pg_isready", "--quiet", f"--host={directory}"]
    while subprocess.run(ready).returncode != 0:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start: {(directory / 'log').read_text()}")
        time.sleep(0.05)
