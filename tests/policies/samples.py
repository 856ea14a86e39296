"""Sound stacks of kinds that no shipped environment has."""

from __future__ import annotations

from collections.abc import Callable

from tests.policies.declared import Declared

Stack = dict[str, Declared]


def associated() -> Stack:
    """An elastic IP on a private address of a gateway's network interface."""
    association = Declared("aws:ec2/eipAssociation:EipAssociation", "amber-association", {}, stack="dev")
    return {"association": association}


SAMPLES: list[Callable[[], Stack]] = [associated]
