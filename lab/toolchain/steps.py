"""What toolchain and images share: steps that report, wait for another clone, and say what to do when they fail."""

from __future__ import annotations

import fcntl
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from lab import settings

Report = Callable[[str], None]

HEARTBEAT_SECONDS = 30

ADVICE: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("no space left on device",),
        "free some disk space (a first build takes about 20 GB, most of it Go's own caches), then run it again",
    ),
    (
        ("signal: killed", "cannot allocate memory", "out of memory"),
        "the machine ran out of memory: free 4 GB or add swap, then run it again",
    ),
    (
        ("missing go.sum entry", "checksum mismatch", "updates to go.mod needed"),
        "tools/ differs from what is committed, or a download was changed on its way: run `git checkout tools`, "
        "then `go clean -modcache`, then run it again",
    ),
    (
        ("temporary failure", "dial tcp", "i/o timeout", "connection refused", "tls handshake", "could not resolve"),
        "a download failed: check the network and the proxy settings (GOPROXY, HTTPS_PROXY, apt's), then run it again; "
        "what is downloaded already is kept",
    ),
)


class StepFailed(Exception):
    """A step of building the lab failed. `str()` tells which, why, and what to do about it."""

    def __init__(self, step: str, cause: str, advice: str) -> None:
        super().__init__(f"{step} failed: {cause}\nWhat to do: {advice}")
        self.step, self.cause, self.advice = step, cause, advice


def advice(output: str, log: Path) -> str:
    """What a person does about a failed command, read from its output."""
    lowered = output.lower()
    for signs, text in ADVICE:
        if any(sign in lowered for sign in signs):
            return f"{text} (the whole output is in {log})"
    return f"read {log}, then run it again; what is built already is kept"


@contextmanager
def cache_lock(name: str, report: Report) -> Iterator[None]:
    """Holds a lock of the shared cache, so that two clones do not build the same thing at once."""
    path = settings.CACHE / "locks" / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(f"another clone is building into {settings.CACHE}; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def run(
    step: str,
    command: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    heartbeat: Callable[[int], None] | None = None,
) -> None:
    """Runs one command with its output in a log of the cache; `heartbeat` gets the seconds passed, twice a minute.

    Raises StepFailed with the end of the output and an advice.
    """
    log = settings.CACHE / "logs" / f"{step.replace(' ', '-').replace('/', '-')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with log.open("w") as output:
        try:
            process = subprocess.Popen(
                command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        except OSError as error:
            cause = f"{command[0]} does not start: {error.strerror}"
            raise StepFailed(step, cause, "run `make up` again; it names what is missing") from error
        try:
            while True:
                try:
                    code = process.wait(timeout=HEARTBEAT_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    if heartbeat is not None:
                        heartbeat(int(time.monotonic() - started))
        except BaseException:
            # An interrupted build must not go on beside the next one.
            process.terminate()
            process.wait()
            raise
    if code != 0:
        text = log.read_text(errors="replace")
        end = "\n  ".join(text.strip().splitlines()[-6:]) or "(no output)"
        raise StepFailed(step, f"exit code {code}\n  {end}", advice(text, log))
