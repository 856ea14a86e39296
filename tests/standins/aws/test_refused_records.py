"""What AWS refuses of hosted zones and node groups, each tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab import settings

Refused = Callable[..., None]
NAME = f"amber.{settings.DOMAIN}"
RECORD = f"name='{NAME}.', type='A'"


@pytest.mark.refusal("zone-unknown", "NoSuchHostedZone", "No hosted zone found with ID: Z0MISSING")
def test_a_zone_that_does_not_exist(aws: Any, refused: Refused) -> None:
    refused(
        lambda: aws.change("CREATE", NAME, "198.51.100.16", zone="Z0MISSING"),
        lambda: aws.route53.delete_hosted_zone(Id="Z0MISSING"),
        lambda: aws.route53.list_resource_record_sets(HostedZoneId="Z0MISSING"),
    )


@pytest.mark.refusal(
    "record-outside-zone",
    "InvalidChangeBatch",
    "[RRSet with DNS name amber.elsewhere.test. is not permitted in zone warmlane.test.]",
)
def test_a_record_of_another_domain(aws: Any, refused: Refused) -> None:
    refused(lambda: aws.change("CREATE", "amber.elsewhere.test", "198.51.100.16"))


@pytest.mark.refusal(
    "record-exists",
    "InvalidChangeBatch",
    f"[Tried to create resource record set [{RECORD}] but it already exists]",
)
def test_a_record_that_exists(aws: Any, refused: Refused) -> None:
    aws.change("CREATE", NAME, "198.51.100.16")
    refused(lambda: aws.change("CREATE", NAME, "198.51.100.17"))


@pytest.mark.refusal(
    "record-missing",
    "InvalidChangeBatch",
    f"[Tried to delete resource record set [{RECORD}] but it was not found]",
)
def test_the_deletion_of_a_record_that_does_not_exist(aws: Any, refused: Refused) -> None:
    refused(lambda: aws.change("DELETE", NAME, "198.51.100.16"))


@pytest.mark.refusal(
    "record-differs",
    "InvalidChangeBatch",
    f"[Tried to delete resource record set [{RECORD}] but the values provided do not match the current values]",
)
@pytest.mark.parametrize(("value", "ttl"), [("198.51.100.17", 300), ("198.51.100.16", 60)], ids=["value", "ttl"])
def test_the_deletion_of_a_record_with_other_values(aws: Any, refused: Refused, value: str, ttl: int) -> None:
    aws.change("CREATE", NAME, "198.51.100.16")
    refused(lambda: aws.change("DELETE", NAME, value, ttl=ttl))


@pytest.mark.refusal(
    "zone-in-use",
    "HostedZoneNotEmpty",
    "The specified hosted zone contains non-required resource record sets and so cannot be deleted.",
)
def test_the_deletion_of_a_zone_with_records(aws: Any, refused: Refused) -> None:
    aws.change("CREATE", NAME, "198.51.100.16")
    refused(lambda: aws.route53.delete_hosted_zone(Id=settings.HOSTED_ZONE))


@pytest.mark.refusal(
    "node-group-in-unknown-cluster", "ResourceNotFoundException", "No cluster found for name: elsewhere."
)
def test_a_cluster_that_does_not_exist(aws: Any, refused: Refused) -> None:
    refused(
        lambda: aws.node_group("elsewhere"),
        lambda: aws.eks.describe_nodegroup(clusterName="elsewhere", nodegroupName="amber"),
        lambda: aws.eks.delete_nodegroup(clusterName="elsewhere", nodegroupName="amber"),
        lambda: aws.eks.describe_cluster(name="elsewhere"),
        lambda: aws.eks.delete_cluster(name="elsewhere"),
    )


@pytest.mark.refusal(
    "node-group-exists",
    "ResourceInUseException",
    "NodeGroup already exists with name amber and cluster name mail",
)
def test_a_node_group_that_exists(aws: Any, refused: Refused) -> None:
    cluster = aws.cluster()
    aws.node_group(cluster)
    refused(lambda: aws.node_group(cluster))


@pytest.mark.refusal("node-group-unknown", "ResourceNotFoundException", "No node group found for name: amber.")
def test_a_node_group_that_does_not_exist(aws: Any, refused: Refused) -> None:
    cluster = aws.cluster()
    refused(
        lambda: aws.eks.describe_nodegroup(clusterName=cluster, nodegroupName="amber"),
        lambda: aws.eks.delete_nodegroup(clusterName=cluster, nodegroupName="amber"),
    )


@pytest.mark.refusal(
    "node-group-in-unknown-subnet",
    "InvalidParameterException",
    "The subnet ID 'subnet-0123456789abcdef0' does not exist",
)
def test_a_node_group_in_a_subnet_that_does_not_exist(aws: Any, refused: Refused) -> None:
    cluster = aws.cluster()
    refused(lambda: aws.node_group(cluster, "subnet-0123456789abcdef0"))


@pytest.mark.refusal("cluster-in-use", "ResourceInUseException", "Cluster has nodegroups attached")
def test_the_deletion_of_a_cluster_with_node_groups(aws: Any, refused: Refused) -> None:
    cluster = aws.cluster()
    aws.node_group(cluster)
    refused(lambda: aws.eks.delete_cluster(name=cluster))
