"""Mailbox providers of the lab: what the outside received, and from which address."""

from __future__ import annotations

from lab.receivers.receipts import Receipt, received

__all__ = ["Receipt", "received"]
