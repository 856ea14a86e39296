"""`warmlane-postfix`: the entrypoint of the container `email-sender`."""

from __future__ import annotations

import sys

from services.sender.postfix.supervisor import Supervisor
from services.sender.settings import SettingsError


def main() -> int:
    """Runs Postfix; 2 if the mounted files can't be used."""
    try:
        supervisor = Supervisor()
    except SettingsError as error:
        print(f"warmlane-postfix: {error}", file=sys.stderr, flush=True)
        return 2
    return supervisor.run()


if __name__ == "__main__":
    sys.exit(main())
