"""What all configuration models share."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from warmlane import names


class Model(BaseModel):
    """A piece of configuration: unknown keys are refused, values do not change after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Identifier = Annotated[str, Field(pattern=names.ID_PATTERN, max_length=names.ID_LENGTH)]
"""A campaign's or lane's id: a DNS label that starts with a letter, short enough for all that is derived from it."""

DOMAIN_LENGTH = 253
"""The longest domain name, in characters (RFC 1035, 2.3.4, less the root's octet and the first length)."""

Domain = Annotated[
    str,
    Field(
        max_length=DOMAIN_LENGTH, pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"
    ),
]
"""A fully qualified domain name in lower case, IDNA-encoded, without the final dot."""

EmailAddress = Annotated[str, Field(pattern=r"^[A-Za-z0-9._+-]+@([a-z0-9-]+\.)+[a-z0-9-]{2,}$", max_length=254)]
"""A mailbox for people (owner, abuse, on-call), ASCII."""


def _nobodys_of_ours(namespace: str) -> str:
    if namespace.startswith(names.NAMESPACE_PREFIX) or namespace in (
        names.PLATFORM_NAMESPACE,
        names.MONITORING_NAMESPACE,
    ):
        raise ValueError(
            f"it lies outside Warmlane's namespaces ({names.NAMESPACE_PREFIX}*, {names.PLATFORM_NAMESPACE}, "
            f"{names.MONITORING_NAMESPACE})"
        )
    return namespace


ForeignNamespace = Annotated[
    str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"), AfterValidator(_nobodys_of_ours)
]
"""A namespace that campaigns may have to do with and that is not Warmlane's: one of ours would open a way from one
campaign into another."""


def _invented_digest(reference: str) -> str:
    if reference.endswith("0" * 64):
        raise ValueError("the digest is made of zeros, so nobody built this image: run `warmlane images push`")
    return reference


ImageReference = Annotated[
    str, Field(pattern=r"^[a-z0-9./:_-]+@sha256:[0-9a-f]{64}$"), AfterValidator(_invented_digest)
]
"""An image by digest, `<repository>@sha256:<64 hex digits>`: a tag names different programs on different days."""
