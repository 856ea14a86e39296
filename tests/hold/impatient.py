"""Lets a program finish on a cluster without a node, where nothing ever becomes ready."""

from __future__ import annotations

import pulumi


def install(prefix: str) -> None:
    """From here on no object is waited for whose type begins so."""

    def transformation(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.startswith(prefix) or "metadata" not in args.props:
            return None
        metadata = args.props["metadata"]
        annotations = {**metadata.get("annotations", {}), "pulumi.com/skipAwait": "true"}
        props = {**args.props, "metadata": {**metadata, "annotations": annotations}}
        return pulumi.ResourceTransformationResult(props, args.opts)

    pulumi.runtime.register_stack_transformation(transformation)
