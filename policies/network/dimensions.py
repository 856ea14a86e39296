"""The dimensions of a flow: what a box of flows may be limited in."""

from __future__ import annotations

DIRECTION, PEER, ADDRESSES, PROTOCOL, PORTS = "direction", "peer", "addresses", "protocol", "ports"
OWN, NAMESPACES, PODS = "podSelector", "peer's namespaceSelector", "peer's podSelector"
"""A flow has one dimension of these for each label: the namespace's own pods, the peer's namespace, the peer."""


def label(selector: str, key: str) -> str:
    """The dimension of a label under one of the three selectors."""
    return f"{selector} {key}"


def selector_and_key(dimension: str) -> tuple[str, str]:
    """The selector and the label of such a dimension."""
    selector, _, key = dimension.rpartition(" ")
    return selector, key
