"""The component that puts monitoring into an environment."""

from __future__ import annotations

import pulumi

from components.monitoring import access
from components.monitoring.alertmanager import alertmanager
from components.monitoring.grafana import grafana
from components.monitoring.prometheus import prometheus
from warmlane import names
from warmlane.environment import Environment

TYPE = "warmlane:monitoring:Monitoring"


class Monitoring(pulumi.ComponentResource):
    """`warmlane:monitoring:Monitoring`.

    Makes the namespace `warmlane-monitoring` (Pod Security `restricted`), its network policies, Prometheus with a
    volume and leave to find its targets, Alertmanager, and, where the environment names an image, Grafana. All else
    exists before the pods and goes after them.

    Raises ValueError if the environment has no images.
    """

    namespace: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        environment: Environment,
        environment_name: str,
        grafana_admin_password: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        images = environment.images
        if images is None:
            raise ValueError("environment.images is not set: Prometheus and Alertmanager need an image each")
        namespace = access.namespace(name, environment_name, pulumi.ResourceOptions(parent=self))
        inside = pulumi.ResourceOptions(parent=self, depends_on=[namespace])
        first = [
            *access.policies(name, environment, environment_name, inside),
            *access.discovery(name, environment_name, inside),
        ]
        after = pulumi.ResourceOptions(parent=self, depends_on=[namespace, *first])
        # Alertmanager first, so that Prometheus' first alert finds it.
        receiver = alertmanager(name, environment_name=environment_name, image=images.alertmanager, opts=after)
        prometheus(
            name,
            environment=environment,
            environment_name=environment_name,
            image=images.prometheus,
            opts=pulumi.ResourceOptions.merge(after, pulumi.ResourceOptions(depends_on=[receiver])),
        )
        if images.grafana:
            grafana(
                name,
                environment_name=environment_name,
                image=images.grafana,
                admin_password=grafana_admin_password,
                opts=after,
            )
        self.namespace = pulumi.Output.from_input(names.MONITORING_NAMESPACE)
        self.register_outputs({"namespace": self.namespace})
