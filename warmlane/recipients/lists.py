"""The names that the recipient checks know, from `lists.yaml`, which says where they come from."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated

import yaml
from pydantic import BeforeValidator

from warmlane.base import Model

Words = Annotated[tuple[str, ...], BeforeValidator(str.split)]


class Lists(Model):
    """`lists.yaml`; endings are keyed by the ending that was meant."""

    providers: Words
    clear_brands: Words
    real: Words
    mailbox_exchanges: Words
    endings: dict[str, Words]
    operations_roles: Words
    business_roles: Words
    parked_exchanges: Words


@cache
def lists() -> Lists:
    """The lists, read once."""
    return Lists.model_validate(yaml.safe_load((files(__package__) / "lists.yaml").read_text()))
