"""Mailbox providers of the lab: how they behave, what they took and refused, and from which address."""

from __future__ import annotations

from lab.receivers.playing import NotPlayed, play
from lab.receivers.receipts import Receipt, Refusal, received, refused

__all__ = ["NotPlayed", "Receipt", "Refusal", "play", "received", "refused"]
