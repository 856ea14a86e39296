"""The platform's database and what keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import PersistentVolumeClaim, Secret, Service

from components import workload
from components.secret_values import encoded
from warmlane import labels, names, store_access
from warmlane.environment import Environment, Images

TYPE = "warmlane:store:Store"
DATA = "/var/lib/store"
PASSWORD = "password"
SECRET_MOUNT = "/etc/warmlane/store"
KEEPER_SECONDS = 60
"""Seconds after which a keeper that has not looked is not ready; it looks every five."""


class Store(pulumi.ComponentResource):
    """**Pulumi type:** `warmlane:store:Store`

    PostgreSQL in the platform's namespace, for what replicas and campaigns share, and beside it the keeper, which makes
    its database, roles and lanes. Makes:

    - `Secret` `store-superuser`: the superuser's password
    - `Secret` `store-roles`: by campaign, the password of its role
    - `Secret` `store-suppression-keys`: the keys by which recipients are hashed
    - `PersistentVolumeClaim` `store-data`
    - `Deployment` and `Service` `store`
    """

    def __init__(
        self,
        name: str,
        *,
        environment: Environment,
        environment_name: str,
        superuser_password: pulumi.Input[str],
        key: pulumi.Input[str],
        before: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`before` must exist before the first pod and go after the last. Raises ValueError without images."""
        super().__init__(TYPE, name, None, opts)
        if environment.images is None:
            raise ValueError("the store needs the environment's images")
        marks = labels.platform(names.STORE, "store", environment_name)

        def metadata(object_name: str) -> Any:
            return {"name": object_name, "namespace": names.PLATFORM_NAMESPACE, "labels": marks}

        self.access: pulumi.Output[dict[str, dict[str, str]]] = pulumi.Output.secret(key).apply(
            lambda value: access(value, environment)
        )
        """By campaign with a lease, the content of its Secret `sender-store`."""
        child = pulumi.ResourceOptions(parent=self, depends_on=list(before))
        self.secret = Secret(
            f"{name}-superuser",
            metadata=metadata(names.STORE_SECRET),
            string_data={PASSWORD: superuser_password},
            opts=child,
        )
        self.roles = Secret(
            f"{name}-roles",
            metadata=metadata(names.STORE_ROLES_SECRET),
            data=self.access.apply(
                lambda found: {campaign: encoded(each[store_access.PASSWORD_FILE]) for campaign, each in found.items()}
            ),
            opts=child,
        )
        self.suppression_keys = Secret(
            f"{name}-suppression-keys",
            metadata=metadata(names.SUPPRESSION_KEYS_SECRET),
            data=pulumi.Output.secret(key).apply(
                lambda value: {
                    store_access.SUPPRESSION_KEYS_FILE: encoded(
                        store_access.suppression_keys(value, environment.store.suppression_keys)
                    )
                }
            ),
            opts=child,
        )
        self.claim = PersistentVolumeClaim(
            f"{name}-data",
            metadata=metadata("store-data") | {"annotations": workload.SKIP_AWAIT},
            spec=workload.claim_spec(environment.store.storage, environment.store.storage_class),
            opts=child,
        )
        self.deployment = Deployment(
            f"{name}-deployment",
            metadata=metadata(names.STORE),
            spec=workload.deployment_spec(marks, {}, pod(environment.images)),
            opts=pulumi.ResourceOptions.merge(
                child,
                pulumi.ResourceOptions(depends_on=[self.secret, self.roles, self.suppression_keys, self.claim]),
            ),
        )
        self.service = Service(
            f"{name}-service",
            metadata=metadata(names.STORE),
            # A keeper that can't keep up must not take the database away from senders.
            spec=workload.service_spec(marks, names.STORE_PORT, "postgresql") | {"publishNotReadyAddresses": True},
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[self.deployment])),
        )
        self.register_outputs({"service": names.STORE})


def access(key: str, environment: Environment) -> dict[str, dict[str, str]]:
    """By campaign with a lease, what its sender mounts as `sender-store`, as file name and content."""
    keys = store_access.suppression_keys(key, environment.store.suppression_keys)
    return {
        campaign: {
            store_access.PASSWORD_FILE: store_access.role_password(key, campaign),
            store_access.SUPPRESSION_KEYS_FILE: keys,
            store_access.HANDOVER_KEY_FILE: store_access.handover_key(key, campaign),
        }
        for campaign in environment.leases
    }


def pod(images: Images) -> dict[str, Any]:
    """The pod's spec."""
    return {
        "automountServiceAccountToken": False,
        # A clean stop writes a checkpoint first.
        "terminationGracePeriodSeconds": 60,
        "securityContext": workload.pod_security(workload.NOBODY),
        "containers": [_postgresql(images.postgresql), _keeper(images.sender)],
        "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": "store-data"}},
            _secret_volume("superuser", names.STORE_SECRET),
            {"name": "run", "emptyDir": {"sizeLimit": "1Mi"}},
            {"name": "tmp", "emptyDir": {"sizeLimit": "16Mi"}},
            workload.config_volume("lease-table", names.LEASE_TABLE_CONFIG_MAP),
            workload.config_volume("lane-history", names.LANE_HISTORY_CONFIG_MAP),
            _secret_volume("roles", names.STORE_ROLES_SECRET),
            _secret_volume("suppression-keys", names.SUPPRESSION_KEYS_SECRET),
            {"name": "keeper", "emptyDir": {"sizeLimit": "1Mi"}},
        ],
    }


def _secret_volume(name: str, secret: str) -> dict[str, Any]:
    return {"name": name, "secret": {"secretName": secret, "defaultMode": 0o440}}


def _postgresql(image: str) -> dict[str, Any]:
    # The kubelet asks the socket of the pod itself, as no policy lets it in by the network on every CNI.
    ready = {
        "exec": {"command": ["/usr/lib/postgresql/15/bin/pg_isready", "--host=/var/run/store", "--username=postgres"]}
    }
    return {
        "name": "postgresql",
        "image": image,
        "command": ["/usr/local/bin/warmlane-store"],
        "ports": [{"name": "postgresql", "containerPort": names.STORE_PORT, "protocol": "TCP"}],
        "startupProbe": {**ready, "periodSeconds": 2, "failureThreshold": 150},
        "readinessProbe": {**ready, "periodSeconds": 10},
        "livenessProbe": {**ready, "periodSeconds": 30, "failureThreshold": 5},
        "resources": workload.resources("50m", "384Mi"),
        "securityContext": workload.CONTAINER_SECURITY,
        "volumeMounts": [
            {"name": "data", "mountPath": DATA},
            {"name": "superuser", "mountPath": SECRET_MOUNT, "readOnly": True},
            {"name": "run", "mountPath": "/var/run/store"},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
    }


def _keeper(image: str) -> dict[str, Any]:
    """The keeper, which owns the database by the socket that only this pod has."""
    looked = f'test -n "$(find /run/keeper/ready -newermt "-{KEEPER_SECONDS} seconds")"'
    mounts = {
        "lease-table": "/etc/warmlane/lease-table",
        "lane-history": "/etc/warmlane/lane-history",
        "roles": "/etc/warmlane/roles",
        "suppression-keys": "/etc/warmlane/store",
    }
    return {
        "name": "keeper",
        "image": image,
        "command": ["warmlane-keeper"],
        "readinessProbe": {"exec": {"command": ["sh", "-c", looked]}, "periodSeconds": 5, "failureThreshold": 2},
        "resources": workload.resources("10m", "160Mi"),
        "securityContext": workload.CONTAINER_SECURITY,
        "volumeMounts": [
            {"name": "run", "mountPath": "/var/run/store"},
            {"name": "keeper", "mountPath": "/run/keeper"},
            *({"name": name, "mountPath": path, "readOnly": True} for name, path in mounts.items()),
        ],
    }
