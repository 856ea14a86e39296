"""Which mailbox provider a delivery went to. The list is short and fixed: it is a label, so it must not grow with mail.

MX host names as the providers publish them (DNS, 2026-11); mailbox domains are the providers' own consumer domains.
"""

from __future__ import annotations

PROVIDERS = ("gmail", "microsoft", "yahoo", "other")

_RELAY_SUFFIXES = {
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


def provider(recipient_domain: str, relay_host: str | None) -> str:
    """The provider's bucket: by the MX that was spoken to, or by the recipient's domain where none was reached."""
    if relay_host:
        labels = relay_host.rstrip(".").lower().split(".")
        known = _RELAY_SUFFIXES.get(".".join(labels[-2:]))
        if known:
            return known
    domain = recipient_domain.rstrip(".").lower()
    if domain in _MAILBOX_DOMAINS:
        return _MAILBOX_DOMAINS[domain]
    brand, _, rest = domain.partition(".")
    is_country = rest.count(".") <= 1 and len(rest.rpartition(".")[2]) == 2
    return _COUNTRY_BRANDS.get(brand, "other") if is_country else "other"
