"""Domains that give out throw-away addresses, as the PyPI package `disposable-email-domains` lists them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

from disposable_email_domains import blocklist

_DOMAINS = frozenset[str](blocklist)


def is_disposable(domain: str) -> bool:
    """Whether a domain (IDNA, lower case) or one above it is listed."""
    return not _DOMAINS.isdisjoint(_with_parents(domain))


def list_version() -> str:
    """The version of the list in use."""
    return version("disposable-email-domains")


def _with_parents(domain: str) -> Iterator[str]:
    while "." in domain:
        yield domain
        domain = domain.partition(".")[2]
