"""The providers of both programs. There are no others: every stack file has `pulumi:disable-default-providers`."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from warmlane.environment import Aws, Cluster

ENDPOINT_SERVICES = ("ec2", "eks", "iam", "route53", "sts")
"""AWS services that a program, or the search for what state does not know, calls."""


def kubernetes_provider(cluster: Cluster) -> kubernetes.Provider:
    """The provider `kubernetes` of the environment's cluster; the kubeconfig is the person's own."""
    return kubernetes.Provider(
        "kubernetes",
        context=cluster.context,
        # Without an identifier of its own, a changed kubeconfig (a new endpoint, a rotated certificate) reads as
        # another cluster, and every object in it is replaced.
        cluster_identifier=cluster.eks_cluster_name or cluster.context,
        enable_server_side_apply=True,
        # A sender takes a changed mount over by a reload; replacing the ConfigMap or Secret would take its mount away
        # first.
        enable_config_map_mutable=True,
        enable_secret_mutable=True,
    )


def aws_provider(account: Aws) -> aws.Provider:
    """The provider `aws` of the environment's account; credentials are the person's own."""
    if account.endpoint is None:
        return aws.Provider("aws", region=account.region)
    return aws.Provider(
        "aws",
        region=account.region,
        endpoints=[aws.ProviderEndpointArgs(**dict.fromkeys(ENDPOINT_SERVICES, account.endpoint))],
        # What stands in for AWS knows no account, no metadata service and no regions to check against.
        skip_credentials_validation=True,
        skip_metadata_api_check=True,
        skip_region_validation=True,
        skip_requesting_account_id=True,
    )


def named(kubernetes_: kubernetes.Provider, aws_: aws.Provider | None = None) -> list[pulumi.ProviderResource]:
    """The providers that a component hands down to its children."""
    return [kubernetes_, *([aws_] if aws_ else [])]
