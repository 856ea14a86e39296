"""The platform's database."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import PersistentVolumeClaim, Secret, Service

from components import workload
from warmlane import labels, names
from warmlane.environment import Environment

TYPE = "warmlane:store:Store"
PORT = 5432
DATA = "/var/lib/store"
PASSWORD = "password"
SECRET_MOUNT = "/etc/warmlane/store"


class Store(pulumi.ComponentResource):
    """**Pulumi type:** `warmlane:store:Store`

    PostgreSQL in the platform's namespace, for what replicas and campaigns share. Nobody reaches it over the network
    until a policy of the platform says so. Makes:

    - `Secret` `store-superuser`: the superuser's password
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
        isolation: list[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`isolation` must exist before the first pod and go after the last. Raises ValueError without images."""
        super().__init__(TYPE, name, None, opts)
        if environment.images is None:
            raise ValueError("the store needs the environment's images")
        marks = labels.platform(names.STORE, "store", environment_name)

        def metadata(object_name: str) -> Any:
            return {"name": object_name, "namespace": names.PLATFORM_NAMESPACE, "labels": marks}

        child = pulumi.ResourceOptions(parent=self, depends_on=isolation)
        self.secret = Secret(
            f"{name}-superuser",
            metadata=metadata(names.STORE_SECRET),
            string_data={PASSWORD: superuser_password},
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
            spec=workload.deployment_spec(marks, {}, pod(environment.images.postgresql)),
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[self.secret, self.claim])),
        )
        self.service = Service(
            f"{name}-service",
            metadata=metadata(names.STORE),
            spec=workload.service_spec(marks, PORT, "postgresql"),
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[self.deployment])),
        )
        self.register_outputs({"service": names.STORE})


def pod(image: str) -> dict[str, Any]:
    """The pod's spec."""
    # The kubelet asks the socket of the pod itself, as no policy lets it in by the network on every CNI.
    ready = {"exec": {"command": ["/usr/lib/postgresql/15/bin/pg_isready", "--host=/var/run/store"]}}
    return {
        "automountServiceAccountToken": False,
        # A clean stop writes a checkpoint first.
        "terminationGracePeriodSeconds": 60,
        "securityContext": workload.pod_security(workload.NOBODY),
        "containers": [
            {
                "name": "postgresql",
                "image": image,
                "command": ["/usr/local/bin/warmlane-store"],
                "ports": [{"name": "postgresql", "containerPort": PORT, "protocol": "TCP"}],
                "startupProbe": {**ready, "periodSeconds": 2, "failureThreshold": 150},
                "readinessProbe": {**ready, "periodSeconds": 10},
                "livenessProbe": {**ready, "periodSeconds": 30, "failureThreshold": 5},
                "resources": workload.resources("50m", "256Mi"),
                "securityContext": workload.CONTAINER_SECURITY,
                "volumeMounts": [
                    {"name": "data", "mountPath": DATA},
                    {"name": "superuser", "mountPath": SECRET_MOUNT, "readOnly": True},
                    {"name": "run", "mountPath": "/var/run/store"},
                    {"name": "tmp", "mountPath": "/tmp"},
                ],
            }
        ],
        "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": "store-data"}},
            {"name": "superuser", "secret": {"secretName": names.STORE_SECRET, "defaultMode": 0o440}},
            {"name": "run", "emptyDir": {"sizeLimit": "1Mi"}},
            {"name": "tmp", "emptyDir": {"sizeLimit": "16Mi"}},
        ],
    }
