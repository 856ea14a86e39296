"""The reflector's server: one question, one signed answer, then the connection ends."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Address

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from warmlane.reflection import LONGEST_LINE, ReflectionError, answer, asked

SECONDS = 5.0
"""Time for a question to arrive and for its answer to leave."""
AT_ONCE = 500
"""Connections that are served at the same time; further ones are closed."""


class Reflector:
    """Answers with the address that a connection comes from. It knows no lanes, so there is nothing to leak."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._open = 0

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Listens; port 0 picks a free one."""
        return await asyncio.start_server(self._met, host, port, limit=LONGEST_LINE)

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= AT_ONCE:
                async with asyncio.timeout(SECONDS):
                    once = asked(await reader.readline())
                    writer.write(answer(self._key, once, IPv4Address(writer.get_extra_info("peername")[0])))
                    await writer.drain()
        except (ReflectionError, ValueError, TimeoutError, ConnectionError):
            # Whoever asks something else learns nothing, not even why.
            pass
        finally:
            self._open -= 1
            writer.close()
