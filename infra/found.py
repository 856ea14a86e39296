"""AWS resources that state does not know: an interrupted `up` leaves them, and the next one adopts them."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pulumi

VARIABLE = "WARMLANE_FOUND"
"""JSON object: by logical name, the id of the AWS resource that was found by its tags."""


def adopt(variables: Mapping[str, str]) -> None:
    """From here on, a resource whose logical name was found is imported instead of made again.

    One place for all: a component does not know what happened to an earlier run. Raises RunError for a malformed
    variable.
    """
    ids = found_ids(variables)
    if not ids:
        return

    def transformation(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        id_ = ids.get(args.name) if args.type_.startswith("aws:") else None
        if id_ is None:
            return None
        opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(import_=id_))
        return pulumi.ResourceTransformationResult(props=args.props, opts=opts)

    pulumi.runtime.register_stack_transformation(transformation)


def found_ids(variables: Mapping[str, str]) -> dict[str, str]:
    """By logical name, the ids in the variable. Raises RunError when it is not a JSON object of strings."""
    text = variables.get(VARIABLE)
    if not text:
        return {}
    try:
        ids = json.loads(text)
    except ValueError:
        ids = None
    if not isinstance(ids, dict) or not all(isinstance(id_, str) and id_ for id_ in ids.values()):
        raise pulumi.RunError(f"{VARIABLE} must be a JSON object of logical names and ids, and is: {text}")
    return ids
