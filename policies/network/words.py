"""Peers, ports and sets of flows as messages name them."""

from __future__ import annotations

from collections.abc import Iterable

from policies.network import addresses
from policies.network.dimensions import ADDRESSES, NAMESPACES, PROTOCOL, selector_and_key
from policies.network.sets import LAST, Ranges, Values
from policies.network.spec import LAST_PORT, Block, Pods, Port, Selector
from warmlane import names
from warmlane.isolation import NAMESPACE_LABEL


def peer(found: Pods | Block | None, namespace: str) -> str:
    """`10.0.0.0/8 except 10.1.0.0/16`, `pods (app=x) of namespace y`; `namespace` is the policy's own."""
    if found is None:
        return "anywhere"
    if isinstance(found, Block):
        exceptions = ", ".join(map(str, found.exceptions))
        return f"{found.network} except {exceptions}" if exceptions else str(found.network)
    conditions = dict(found.namespaces.conditions)
    where = conditions.pop(NAMESPACE_LABEL, None)
    place = "any namespace"
    if where is not None:
        one = "" if where.all_but or len(where.listed) != 1 else str(*where.listed)
        place = "its own namespace" if one == namespace else f"namespace {one}" if one else condition("name", where)
    more = f" ({_selector(Selector(conditions))})" if conditions else ""
    return f"pods ({_selector(found.pods)}) of {place}{more}"


def port(found: Port | None) -> str:
    """`TCP 25`, `UDP 50-60`, `every port`."""
    if found is None:
        return "every port"
    if found.name:
        return f"{found.protocol} {found.name}"
    return f"{found.protocol} {_numbers(found.numbers) if found.numbers else 'every port'}"


def too_wide(dimension: str, rest: Ranges | Values) -> str:
    """What a rule allows too much of."""
    if isinstance(rest, Ranges):
        return addresses.text(rest) if dimension == ADDRESSES else f"ports {_numbers(rest)}"
    if dimension == PROTOCOL:
        return f"protocols other than {_listed(rest.listed)}" if rest.all_but else f"protocol {_listed(rest.listed)}"
    selector, key = selector_and_key(dimension)
    if selector == NAMESPACES and key == NAMESPACE_LABEL:
        campaigns = sorted(value for value in rest.listed if value and value.startswith(names.NAMESPACE_PREFIX))
        if rest.all_but:
            return f"every namespace but {_listed(rest.listed)}, so other campaigns' as well"
        return (
            f"another campaign's namespace {_listed(campaigns)}" if campaigns else f"namespace {_listed(rest.listed)}"
        )
    return f"{selector} with {condition(key, rest)}"


def fix(dimension: str, rest: Ranges | Values, limit: Ranges | Values) -> str:
    """What to write instead, where the list has `limit`."""
    if isinstance(limit, Ranges):
        return "put these addresses into `except`" if dimension == ADDRESSES else f"allow port {_numbers(limit)} only"
    if dimension == PROTOCOL:
        return f"allow protocol {_listed(limit.listed)} only"
    selector, key = selector_and_key(dimension)
    return f"set the {selector} to {condition(key, limit)}"


def condition(key: str, values: Values) -> str:
    """`app=x`, `app in (x, y)`, `app not in (x)`, `app exists`, `no app`."""
    listed, absent = sorted(value for value in values.listed if value is not None), None in values.listed
    if values.all_but:
        there = f"{key} not in ({', '.join(listed)})" if listed else ("" if absent else f"any {key}")
        return " and ".join(filter(None, [there, f"{key} exists" if absent else ""]))
    there = f"{key}={listed[0]}" if len(listed) == 1 else f"{key} in ({', '.join(listed)})" if listed else ""
    return " or ".join(filter(None, [there, f"no {key}" if absent else ""]))


def _selector(found: Selector) -> str:
    return ", ".join(condition(key, values) for key, values in found.conditions.items()) or "any"


def _listed(values: Iterable[str | None]) -> str:
    return ", ".join(sorted(value for value in values if value is not None))


def _numbers(found: Ranges) -> str:
    parts = [(max(first, 1), min(last, LAST_PORT) if last == LAST else last) for first, last in found.parts]
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in parts if first <= last)
