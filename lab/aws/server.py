"""The lab's AWS endpoint: `python -m lab.aws.server [--port PORT] [--quotas FILE]`, on loopback only."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from lab import settings
from lab.aws.account import Account
from lab.aws.quotas import QuotaError, load
from lab.aws.world import LabWorld, NoWorld, WorldError

HOST = "127.0.0.1"
WORLD_VARIABLE = "WARMLANE_LAB_WORLD"


class QuietHandler(MotoRequestHandler):
    """No line per request: the log holds what was refused."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@contextmanager
def listening(port: int = 0) -> Iterator[str]:
    """Serve moto on loopback while the block runs; gives the endpoint's URL."""
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server(HOST, port, application, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, name="aws", daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def fresh(account: Account) -> Iterator[Account]:
    """The account stands before moto's backends, from an empty state, while the block runs."""
    with account.installed():
        BackendDict.reset()
        reset_model_data()
        yield account


def _reread(account: Account, path: Path | None) -> None:
    """Take new quotas, as AWS does when it grants an increase; a wrong file changes nothing."""
    try:
        account.quotas = load(path)
        print(f"now {account.quotas}", file=sys.stderr, flush=True)
    except QuotaError as problem:
        print(problem, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.aws.server", description=__doc__)
    parser.add_argument("--port", type=int, default=urlsplit(settings.AWS_ENDPOINT).port)
    parser.add_argument("--quotas", type=Path, help="JSON object of quotas; read again on SIGHUP")
    given = parser.parse_args(arguments)
    try:
        quotas = load(given.quotas)
    except QuotaError as problem:
        print(problem, file=sys.stderr)
        return 2
    world = LabWorld() if os.environ.get(WORLD_VARIABLE) == "1" else NoWorld()
    account = Account(quotas=quotas, world=world)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    signal.signal(signal.SIGHUP, lambda *_: _reread(account, given.quotas))
    try:
        with fresh(account), listening(given.port) as endpoint:
            # A new server has no addresses: what an earlier one left on the network goes.
            account.publish()
            print(f"AWS for the lab on {endpoint}", flush=True)
            stop.wait()
    except OSError as problem:
        print(f"Can't serve on {HOST}:{given.port}: {problem}. Is another lab running?", file=sys.stderr)
        return 1
    except WorldError as problem:
        print(f"The lab's network could not be brought in line: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
