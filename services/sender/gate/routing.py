"""Which provider a domain's mail goes to, asked in the background so that nothing waits for DNS but that domain."""

from __future__ import annotations

import asyncio

from warmlane.providers import provider_by_route
from warmlane.recipients.route import Taking
from warmlane.recipients.routes import MailRoutes

AT_ONCE = 100
"""Domains that are asked for at the same time."""


class ProviderRoutes:
    """Providers of domains by their MX."""

    def __init__(self, routes: MailRoutes) -> None:
        self._routes = routes
        self._asking: dict[str, asyncio.Task[object]] = {}

    def provider(self, domain: str) -> str | None:
        """The provider; None while DNS has not told, which it is then asked. A domain that takes no mail has one, too,
        as Postfix gives its mail up."""
        route = self._routes.known(domain)
        if route is None:
            self._ask(domain)
            return None
        if route.taking is Taking.UNKNOWN and not route.exchanges:
            return None
        return provider_by_route(domain, route.exchanges)

    def _ask(self, domain: str) -> None:
        if domain in self._asking or len(self._asking) >= AT_ONCE:
            return
        task = asyncio.get_running_loop().create_task(self._routes.route(domain))
        self._asking[domain] = task
        task.add_done_callback(lambda done: self._asking.pop(domain, None))
