"""The elastic addresses that the lab's AWS gives out."""

from __future__ import annotations

from collections.abc import Container
from ipaddress import IPv4Address


class ElasticPool:
    """Addresses from `first` to `last`, in turn: as on AWS, an address that was released comes back late, so whoever
    thinks that the next one will be the same finds out."""

    def __init__(self, first: IPv4Address, last: IPv4Address) -> None:
        self.first = first
        self.last = last
        self._next = first

    def __contains__(self, address: IPv4Address) -> bool:
        return self.first <= address <= self.last

    def peek(self, taken: Container[IPv4Address]) -> IPv4Address | None:
        """The address that `take` would give, or None when all are taken."""
        size = int(self.last) - int(self.first) + 1
        for step in range(size):
            offset = (int(self._next) - int(self.first) + step) % size
            candidate = self.first + offset
            if candidate not in taken:
                return candidate
        return None

    def take(self, taken: Container[IPv4Address]) -> IPv4Address:
        """The next free address. Raises LookupError when all are taken."""
        address = self.peek(taken)
        if address is None:
            raise LookupError(f"every address from {self.first} to {self.last} is taken")
        self._next = address + 1 if address < self.last else self.first
        return address
