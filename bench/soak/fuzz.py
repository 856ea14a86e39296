"""Fuzzing of what strangers send, guided by coverage: return tokens and addresses, and reports of every kind.

Each target is a process of its own, `python -m bench.soak.fuzz TARGET [libFuzzer's options]`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

SECONDS = 300
"""For each target."""
SLOWEST = 5
"""Seconds that one input may take."""
LONGEST = 16_384
"""Octets of an input; what is longer is cut by the parsers, and tried by their tests."""
RUNS = re.compile(r"Done (\d+) runs")


def run(seed: int) -> dict[str, Any]:
    """By target the inputs that were tried and, when one failed, what was said; `met` when none did."""
    return fuzzed(seed, {"-max_total_time": SECONDS})


def fuzzed(seed: int, bound: Mapping[str, int]) -> dict[str, Any]:
    """As `run`; `bound` is the option of libFuzzer that ends each target."""
    runs, failures = dict[str, int](), dict[str, str]()
    for target in TARGETS:
        with tempfile.TemporaryDirectory(prefix="warmlane-fuzz-") as place:
            for number, sample in enumerate(_samples(target)):
                (Path(place) / str(number)).write_bytes(sample)
            options = {"-seed": seed, "-timeout": SLOWEST, "-max_len": LONGEST, "-rss_limit_mb": 2048, **bound}
            command = [sys.executable, "-m", "bench.soak.fuzz", target, place]
            command += [f"{name}={value}" for name, value in options.items()]
            done = subprocess.run([*command, f"-artifact_prefix={place}/"], capture_output=True, check=False)
        said = done.stderr.decode("utf-8", "replace")
        ended = RUNS.search(said)
        runs[target] = int(ended[1]) if ended else 0
        if done.returncode or not runs[target]:
            failures[target] = said[-4000:]
    return {"runs": runs, "failures": failures, "met": not failures}


def _tokens(data: bytes) -> None:
    from services.intake.addresses import Refused, accepted
    from tests.returns.samples import KEYS
    from warmlane.returns import token

    text = data.decode("latin-1")
    try:
        id_ = token.verified(KEYS, text)
    except token.ForgedToken:
        pass
    else:
        assert token.signed(KEYS, id_) == text.lower(), "a token that we did not make was accepted"
    try:
        found = accepted(text, ("bounces.news.example",), KEYS)
    except Refused:
        return
    local, _, domain = text.lower().rpartition("@")
    assert domain == "bounces.news.example" and (local in ("postmaster", "abuse") or local[2:] == found), "a relay"


def _reports(data: bytes) -> None:
    from warmlane.returns.dsn import Bounce
    from warmlane.returns.replies import ReplyClass, classify
    from warmlane.returns.report import read

    found = read(data)
    if isinstance(found, Bounce):
        assert classify("gmail", found.code, found.status, found.diagnostic) in set(ReplyClass)


TARGETS: Mapping[str, Callable[[bytes], None]] = {"tokens": _tokens, "reports": _reports}


def _samples(target: str) -> list[bytes]:
    from tests.returns.samples import RETURN_PATH, TOKEN, complaint, dsn, plain, wrapped

    if target == "tokens":
        return [TOKEN.encode(), RETURN_PATH.encode(), b"postmaster@bounces.news.example", b"user@other.example"]
    text = plain("Delivery has failed: 550 5.1.1 unknown")
    return [dsn(), complaint(), wrapped(dsn()), wrapped(complaint()), text, dsn(returned="text/rfc822-headers")]


def main(arguments: list[str]) -> None:
    """Never returns: libFuzzer ends the process."""
    import atheris

    target, *options = arguments
    with atheris.instrument_imports(include=["warmlane.returns", "services.intake", "email"]):
        import warmlane.returns.report  # noqa: F401
    atheris.Setup([sys.argv[0], *options], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
