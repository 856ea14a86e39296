"""The kinds of environments that the models allow, and texts of every length."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple, get_args

from tests.policies.configurations.deck import Decks
from warmlane import names
from warmlane.environment import Cni, Egress

Document = dict[str, Any]
DOMAIN = "warmlane.test"
MAILBOX = f"people@{DOMAIN}"
LONGEST_MAILBOX = "p" * (254 - len(f"@{DOMAIN}")) + f"@{DOMAIN}"
LONGEST_LABEL = "n" * 63


class Shape(NamedTuple):
    """How mail leaves. `gateway_interface`: whether the gateway has an ENI of ours."""

    strategy: str
    cni: str
    gateway_interface: bool
    aws: bool


def _allowed(shape: Shape) -> bool:
    """Whether the models allow it."""
    if shape.strategy == "cilium_gateway":
        return shape.cni == "cilium" and shape.aws
    return not shape.gateway_interface and (shape.aws or shape.strategy == "external")


def strategies() -> list[str]:
    """Every egress strategy of the model."""
    variants = get_args(get_args(Egress)[0])
    return [get_args(variant.model_fields["strategy"].annotation)[0] for variant in variants]


SHAPES = [
    shape
    for strategy in strategies()
    for cni in Cni
    for interface in (False, True)
    for aws in (False, True)
    if _allowed(shape := Shape(strategy, cni.value, interface, aws))
]


def mailbox(decks: Decks, choice: str) -> str:
    return decks.deal(choice, [MAILBOX, "a.b+c@mail.example.com", LONGEST_MAILBOX])


def domain(length: int) -> str:
    """A domain name of so many characters."""
    labels, left = list[str](), length - len("example")
    while left:
        size = min(64, left) - (left == 65)
        labels.append("d" * (size - 1))
        left -= size
    return ".".join([*labels, "example"])


def ids(decks: Decks, what: str, count: int) -> list[str]:
    """So many ids of campaigns or lanes, of all lengths; one may be the beginning of another."""
    found = list[str]()
    for number in range(count):
        kind = decks.deal(f"{what} id", ["word", "longest", "shortest", "beginning"])
        if kind == "longest":
            found.append(f"{what}-{number}-".ljust(names.ID_LENGTH, "z"))
        elif kind == "shortest":
            found.append("abcdefghijklmnopqrstuvwxyz"[number])
        elif kind == "beginning" and found and len(found[0]) < names.ID_LENGTH - 3:
            found.append(f"{found[0]}-{number}")
        else:
            found.append(f"{what}{number}")
    return found


def pod_labels(decks: Decks, choice: str, name: str) -> dict[str, str]:
    """One label, or several of all forms."""
    several = {"app": name, f"example.test/{LONGEST_LABEL}": LONGEST_LABEL, "tier": "web"}
    return decks.deal(choice, [{"app": name}, several])


def given(decks: Decks, document: Document, key: str, *values: Any) -> None:
    """Leaves an optional field out once, and writes it with each of the values once."""
    present, value = decks.deal(key, [(False, None), *((True, value) for value in values)])
    if present:
        document[key.rsplit(".", 1)[-1]] = value


def text(day: date | datetime) -> str:
    return day.isoformat()
