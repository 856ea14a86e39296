"""`warmlane-unsubscribe organisation|campaign`: serves until it is told to end."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

import waitress
from prometheus_client import CollectorRegistry, start_http_server

from services.store.mounted import mounted_engine
from services.store.unsubscribes import ROLE
from services.unsubscribe.app import Application
from services.unsubscribe.counts import Counts
from services.unsubscribe.form import LARGEST
from services.unsubscribe.keys import MountedRoots
from warmlane import names
from warmlane.unsubscribe import Scope

LIMITS: dict[str, Any] = {
    "threads": 8,
    "connection_limit": 200,
    # A request is one line, a few headers and a form with one field.
    "max_request_header_size": 8192,
    "max_request_body_size": LARGEST,
    # Seconds for which a client may say nothing.
    "channel_timeout": 15,
    "cleanup_interval": 5,
    "ident": "",
    "expose_tracebacks": False,
}
"""What waitress lets one client, and all of them together, take."""


def say(text: str) -> None:
    """A line on standard output."""
    print(f"unsubscribe: {text}", flush=True)


def main(arguments: list[str]) -> int:
    """Returns the process' exit code."""
    if len(arguments) != 1 or arguments[0] not in list(Scope):
        print(f"usage: warmlane-unsubscribe {'|'.join(Scope)}", file=sys.stderr)
        return 2

    def ended(number: int, frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, ended)
    registry = CollectorRegistry()
    start_http_server(names.METRICS_PORT, registry=registry)
    application = Application(mounted_engine(ROLE), MountedRoots(), Scope(arguments[0]), Counts(registry), say)
    say(f"serving on port {names.UNSUBSCRIBE_PORT}")
    waitress.serve(application, host="0.0.0.0", port=names.UNSUBSCRIBE_PORT, _quiet=True, **LIMITS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
