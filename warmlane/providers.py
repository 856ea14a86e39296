"""Mailbox providers: whose mailboxes stand behind a domain, and how many sessions one of them gets at once.

The table is short and fixed: a provider is a label of metrics and a key of counters, so it must not grow with the mail.
MX host names as the providers publish them (DNS, 2026-11); mailbox domains are the providers' own consumer domains.
"""

from __future__ import annotations

from collections.abc import Sequence

SESSIONS = {"gmail": 20, "microsoft": 10, "yahoo": 10, "other": 20}
"""Sessions that a lane may have open at a provider, all replicas together. No provider publishes such a figure for one
address; these are the project's own, low enough that a warm-up's volume is never turned away for them."""
PROVIDERS = tuple(SESSIONS)
"""Every provider by name; `other` is all the rest."""

_MX_SUFFIXES = {
    "google.com": "gmail",
    "googlemail.com": "gmail",
    "outlook.com": "microsoft",
    "hotmail.com": "microsoft",
    "yahoodns.net": "yahoo",
}
_MAILBOX_DOMAINS = {
    "gmail.com": "gmail",
    "googlemail.com": "gmail",
    "hotmail.com": "microsoft",
    "live.com": "microsoft",
    "msn.com": "microsoft",
    "outlook.com": "microsoft",
    "aol.com": "yahoo",
    "rocketmail.com": "yahoo",
    "yahoo.com": "yahoo",
    "ymail.com": "yahoo",
}
_COUNTRY_BRANDS = {"hotmail": "microsoft", "live": "microsoft", "outlook": "microsoft", "yahoo": "yahoo"}
"""Brands that also exist under country domains, such as yahoo.co.uk or hotmail.fr."""


def provider(recipient_domain: str, exchange: str | None) -> str:
    """The provider of a domain, by the MX host that takes its mail, or by the domain itself where none is known."""
    known = _by_exchange(exchange) if exchange else None
    if known:
        return known
    domain = recipient_domain.rstrip(".").lower()
    if domain in _MAILBOX_DOMAINS:
        return _MAILBOX_DOMAINS[domain]
    brand, _, rest = domain.partition(".")
    is_country = rest.count(".") <= 1 and len(rest.rpartition(".")[2]) == 2
    return _COUNTRY_BRANDS.get(brand, "other") if is_country else "other"


def provider_by_route(recipient_domain: str, exchanges: Sequence[str]) -> str:
    """The provider of a domain with these MX hosts, best preference first: that of the first one that is known.

    A domain that also names a host of its own, as a second or a first, still counts where the provider counts it.
    """
    for exchange in exchanges:
        known = _by_exchange(exchange)
        if known:
            return known
    return provider(recipient_domain, None)


def _by_exchange(exchange: str) -> str | None:
    labels = exchange.rstrip(".").lower().split(".")
    return _MX_SUFFIXES.get(".".join(labels[-2:]))
