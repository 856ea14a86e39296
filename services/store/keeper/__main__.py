"""`warmlane-keeper`: looks at its mounts every few seconds and makes the store as they say."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import FrameType

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from services.store.database import StoreUnavailable
from services.store.keeper import mounts
from services.store.keeper.keep import Keeper
from warmlane import names

SOCKET = "/var/run/store"
"""Directory of PostgreSQL's socket: only this pod has it, and who connects by it is the owner."""
READY = Path("/run/keeper/ready")
"""There, and young, while the last look succeeded."""
LOOK_EVERY = 5.0
"""Seconds between two looks."""


def url(database: str) -> str:
    """The owner's way into a database of the pod's server."""
    return f"postgresql+psycopg://postgres@/{database}?host={SOCKET}"


def main() -> None:
    """Runs until SIGTERM."""
    stop = threading.Event()

    def ended(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ended)
    keeper = Keeper(url(names.STORE_DATABASE), url("postgres"))
    said = list[str]()
    while not stop.is_set():
        good, told = look(keeper)
        for sentence in told:
            if sentence not in said:
                print(f"keeper: {sentence}", flush=True)
        said = told
        if good:
            READY.touch()
        else:
            READY.unlink(missing_ok=True)
        stop.wait(LOOK_EVERY)


def look(keeper: Keeper, root: Path = mounts.ROOT) -> tuple[bool, list[str]]:
    """Whether the store is as the mounts say, and what there is to tell."""
    try:
        return True, keeper.keep(mounts.read(root))
    except mounts.MountError as error:
        return False, [f"{error}. The store stays as it is; deploy the environment's stack again"]
    except (StoreUnavailable, SQLAlchemyError, psycopg.Error) as error:
        keeper.forget()
        return False, [f"the store could not be kept: {cause(error)}. It is tried again every {LOOK_EVERY:.0f} s"]


def cause(error: BaseException) -> str:
    """What went wrong, without the statement and its values, which may hold a secret."""
    if isinstance(error, DBAPIError):
        return str(error.orig)
    return cause(error.__cause__) if isinstance(error, StoreUnavailable) and error.__cause__ else str(error)


if __name__ == "__main__":
    main()
