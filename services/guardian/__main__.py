"""`warmlane-guardian DIRECTORY [SERVICE_ACCOUNT]`: watches and holds campaigns until it is told to end.

DIRECTORY holds `guardian.json`, `store_url` and `webhook_token`; SERVICE_ACCOUNT, `ca.crt` and `token`, is where the
kubelet mounts it if nothing else is said.
"""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from pathlib import Path

from waitress.server import create_server

from services.guardian.guardian import Guardian
from services.guardian.kubernetes import ACCOUNT, Api
from services.guardian.lease import Leader
from services.guardian.loop import Loop
from services.guardian.metrics import Metrics
from services.guardian.prometheus import Prometheus
from services.guardian.settings import (
    STORE_URL,
    TOKEN_LENGTH,
    WEBHOOK_TOKEN,
    SettingsError,
    read_secret,
    read_settings,
)
from services.guardian.web import BODY_OCTETS, Web
from services.store.database import database


def run(directory: Path, account: Path = ACCOUNT) -> int:
    """Returns the exit code, 0 after SIGTERM. Raises SettingsError."""
    settings = read_settings(directory)
    token = read_secret(directory, WEBHOOK_TOKEN, TOKEN_LENGTH)
    try:
        engine = database(read_secret(directory, STORE_URL), connections=2)
        api = Api.inside(settings.kubernetes, account)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{directory} or {account} can't be used: {error}") from error
    leader = Leader(api, socket.gethostname())
    metrics = Metrics(lambda: leader.leads(time.monotonic()))
    guardian = Guardian(
        api,
        Prometheus(settings.prometheus),
        engine,
        day_length=settings.day_length,
        dry_run=settings.dry_run,
        may_act=lambda: leader.leads(time.monotonic()),
    )
    hint, stop = threading.Event(), threading.Event()
    loop = Loop(guardian, leader, metrics, hint)
    web = create_server(
        Web(metrics.registry, lambda: token, hint, loop.healthy),
        host=settings.address,
        port=settings.port,
        threads=2,
        max_request_body_size=BODY_OCTETS,
    )
    # It ends with the process: what it answers says nothing once the loop has ended.
    threading.Thread(target=web.run, daemon=True).start()
    print(f"guardian: listening on port {web.effective_port}", flush=True)

    def end(*_: object) -> None:
        stop.set()
        hint.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    loop.run(stop)
    engine.dispose()
    return 0


def main(arguments: list[str]) -> int:
    """Returns the process' exit code."""
    if not 1 <= len(arguments) <= 2:
        print("usage: warmlane-guardian DIRECTORY [SERVICE_ACCOUNT]", file=sys.stderr)
        return 2
    try:
        return run(*map(Path, arguments))
    except SettingsError as error:
        print(f"guardian: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
