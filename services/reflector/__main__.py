"""`python -m services.reflector KEY_FILE [ADDRESS [PORT]]`: serves until it is told to end."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from services.reflector.server import Reflector

PORT = 25
"""The only port by which senders reach the outside."""


async def run(key: Ed25519PrivateKey, host: str, port: int) -> None:
    """Serves until SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await Reflector(key).serve(host, port)
    print(f"reflector: serving on {host} port {port}", flush=True)
    async with server:
        await stop.wait()


def main(arguments: list[str]) -> int:
    """Returns the process' exit code."""
    if not 1 <= len(arguments) <= 3:
        print("usage: python -m services.reflector KEY_FILE [ADDRESS [PORT]]", file=sys.stderr)
        return 2
    file, host, port = (*arguments, *("0.0.0.0", str(PORT))[len(arguments) - 1 :])
    try:
        key = load_pem_private_key(Path(file).read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        print(
            f"{file}: no private key can be read ({error}); `openssl genpkey -algorithm ed25519` makes one",
            file=sys.stderr,
        )
        return 1
    if not isinstance(key, Ed25519PrivateKey):
        print(f"{file}: the key is no Ed25519 key; `openssl genpkey -algorithm ed25519` makes one", file=sys.stderr)
        return 1
    asyncio.run(run(key, host, int(port)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
