"""Small things that AWS has and moto passes over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.core.resource_tagging import TaggedResource
from moto.ec2.models import EC2Backend
from moto.eks.responses import EKSResponse

from lab.aws.patches import patched

UPDATE_CONFIG = {"maxUnavailable": 1}
"""What EKS takes for a node group that doesn't say (API_CreateNodegroup, updateConfig)."""

_tagged = EC2Backend.iter_tagged_resources
_create_nodegroup = EKSResponse.create_nodegroup


def _tagged_with_addresses(backend: Any) -> Iterator[TaggedResource]:
    yield from _tagged(backend)
    for address in backend.addresses:
        yield TaggedResource(
            arn=f"arn:aws:ec2:{backend.region_name}:{backend.account_id}:elastic-ip/{address.allocation_id}",
            tags=dict(backend.tags.get(address.allocation_id, {})),
            resource_type="ec2:elastic-ip",
        )


def _create_nodegroup_with_update_config(response: Any) -> Any:
    result = _create_nodegroup(response)
    names = response._get_param("name"), response._get_param("nodegroupName")
    group = response.eks_backend.describe_nodegroup(*names)
    group.update_config = response._get_param("updateConfig") or dict(UPDATE_CONFIG)
    return result


@contextmanager
def filled() -> Iterator[None]:
    """The tagging API knows elastic addresses; node groups keep their update configuration; no machine images."""
    with (
        patched(EC2Backend, "iter_tagged_resources", _tagged_with_addresses),
        patched(EKSResponse, "create_nodegroup", _create_nodegroup_with_update_config),
        # Nobody starts an instance here, and moto's list of images takes longer to load than all the rest.
        patched(EC2Backend, "_load_amis", lambda _: None),
    ):
        yield
