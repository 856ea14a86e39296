"""Connections to the platform's store with a password that lies in a mounted Secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, event

from services.store import database
from services.store.database import StoreUnavailable
from warmlane import names

STORE_DIRECTORY = Path("/etc/warmlane/store")
PASSWORD_FILE = STORE_DIRECTORY / "password"


def mounted_engine(role: str, password_file: Path = PASSWORD_FILE) -> Engine:
    """Connections as a role. The password is read at each connection, so that a new one needs no restart; while it is
    not mounted, the store counts as away."""
    url = URL.create(
        "postgresql+psycopg",
        username=role,
        host=names.STORE_HOST,
        port=names.STORE_PORT,
        database=names.STORE_DATABASE,
    )
    engine = database.database(url.render_as_string(hide_password=False))

    def connecting(dialect: object, record: object, arguments: list[Any], parameters: dict[str, Any]) -> None:
        try:
            parameters["password"] = password_file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise StoreUnavailable(f"the store's password can't be read: {error}: is its Secret mounted?") from error

    event.listen(engine, "do_connect", connecting)
    return engine
