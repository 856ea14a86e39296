"""The component's objects, as Pulumi's mocks record them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pulumi
import pytest

from components.monitoring import Monitoring
from components.monitoring.component import TYPE
from warmlane import names
from warmlane.environment import Environment

DIGEST = "@sha256:" + "ab" * 32
NAMESPACE = "kubernetes:core/v1:Namespace"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
CILIUM_POLICY = "kubernetes:cilium.io/v2:CiliumNetworkPolicy"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SERVICE = "kubernetes:core/v1:Service"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
CLUSTER_ROLE = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
PASSWORD = "canary-admin-71c3"


class Engine(pulumi.runtime.Mocks):
    """Records every resource."""

    def __init__(self) -> None:
        self.resources: list[pulumi.runtime.MockResourceArgs] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.resources.append(args)
        return f"{args.name}-id", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        return {}

    def of(self, token: str) -> dict[str, dict[str, Any]]:
        """By Kubernetes name, the inputs of all resources of a type."""
        return {item.inputs["metadata"]["name"]: item.inputs for item in self.resources if item.typ == token}


def environment(cni: str = "cilium", grafana: bool = False) -> Environment:
    images = {name: f"warmlane.test/{name}{DIGEST}" for name in ("sender", "prometheus", "alertmanager", "postgresql")}
    if grafana:
        images["grafana"] = f"warmlane.test/grafana{DIGEST}"
    return Environment.model_validate(
        {
            "domain": "warmlane.test",
            "deliverability_contact": "deliverability@warmlane.test",
            "cluster": {
                "context": "test",
                "cni": cni,
                "networks": {"pods": ["10.244.0.0/16"], "services": ["10.96.0.0/16"], "nodes": ["198.51.100.0/24"]},
            },
            "egress": {"strategy": "external"},
            "lanes": {"amber": {"address": "203.0.113.7", "started": date(2026, 10, 1)}},
            "leases": {"spring-sale": {"lane": "amber", "since": date(2026, 11, 2)}},
            "store": {"mode": "bundled"},
            "reflector": {"address": "203.0.113.24", "public_key": "A" * 43 + "="},
            "monitoring": {"mode": "bundled", "storage_class": "local", "storage": "2Gi", "retention_days": 7},
            "feedback": "none",
            "images": images,
        }
    )


@pytest.fixture
def declared() -> Iterator[Any]:
    def declare(given: Environment) -> Engine:
        engine = Engine()
        pulumi.runtime.set_mocks(engine, project="warmlane", stack="dev", preview=False)

        @pulumi.runtime.test
        def program() -> None:
            Monitoring(
                "monitoring",
                environment=given,
                environment_name="dev",
                grafana_admin_password=pulumi.Output.secret(PASSWORD),
            )

        program()
        return engine

    yield declare


def pods(engine: Engine) -> dict[str, dict[str, Any]]:
    return {name: item["spec"]["template"]["spec"] for name, item in engine.of(DEPLOYMENT).items()}


def test_component_has_its_type(declared: Any) -> None:
    assert TYPE == "warmlane:monitoring:Monitoring"
    engine = declared(environment())
    assert [item.name for item in engine.resources if item.typ == TYPE] == ["monitoring"]


def test_namespace_is_restricted_and_closed(declared: Any) -> None:
    engine = declared(environment())
    marks = engine.of(NAMESPACE)[names.MONITORING_NAMESPACE]["metadata"]["labels"]
    assert marks["pod-security.kubernetes.io/enforce"] == "restricted"
    assert engine.of(POLICY)[names.DEFAULT_DENY_POLICY]["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert {item["metadata"]["namespace"] for item in engine.of(POLICY).values()} == {names.MONITORING_NAMESPACE}


def test_api_server_is_reached_as_the_cni_reads_it(declared: Any) -> None:
    cilium, other = declared(environment("cilium")), declared(environment("vpc_cni"))
    assert "prometheus-api-server" in cilium.of(CILIUM_POLICY)
    assert "prometheus-api-server" not in cilium.of(POLICY), "on Cilium an ipBlock never matches a node"
    assert cilium.of(CILIUM_POLICY)["prometheus-api-server"]["metadata"]["namespace"] == names.MONITORING_NAMESPACE
    assert "prometheus-api-server" in other.of(POLICY)
    assert other.of(CILIUM_POLICY) == {}


@pytest.mark.parametrize("grafana", [False, True])
def test_pods_meet_the_restricted_level(declared: Any, grafana: bool) -> None:
    found = pods(declared(environment(grafana=grafana)))
    assert set(found) == {"prometheus", "alertmanager"} | ({"grafana"} if grafana else set())
    for name, pod in found.items():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is (name == "prometheus"), (
            f"{name}: only Prometheus asks the API server"
        )
        for container in pod["containers"]:
            security = container["securityContext"]
            assert security["capabilities"] == {"drop": ["ALL"]}, name
            assert security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"], name
            assert {"memory", "ephemeral-storage"} <= set(container["resources"]["limits"]), name
            assert "@sha256:" in container["image"], name


def test_every_mounted_volume_is_declared(declared: Any) -> None:
    engine = declared(environment(grafana=True))
    for name, pod in pods(engine).items():
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        mounted = {mount["name"] for container in pod["containers"] for mount in container["volumeMounts"]}
        assert mounted == set(volumes), name
        maps = {volume["configMap"]["name"] for volume in volumes.values() if "configMap" in volume}
        assert maps <= set(engine.of(CONFIG_MAP)), name


def test_prometheus_keeps_its_samples(declared: Any) -> None:
    engine = declared(environment())
    spec = engine.of(CLAIM)["prometheus-data"]["spec"]
    assert spec["storageClassName"] == "local"
    assert spec["resources"]["requests"]["storage"] == "2Gi"
    assert engine.of(DEPLOYMENT)["prometheus"]["spec"]["strategy"] == {"type": "Recreate"}
    assert "--storage.tsdb.retention.time=7d" in pods(engine)["prometheus"]["containers"][0]["command"]


def test_prometheus_reads_targets_and_nothing_else(declared: Any) -> None:
    rules = declared(environment()).of(CLUSTER_ROLE)["warmlane-monitoring-prometheus"]["rules"]
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list", "watch"}
    resources = {resource for rule in rules for resource in rule["resources"]}
    assert resources == {"services", "pods", "endpointslices"}, "above all no secrets"


def test_services_have_the_names_that_the_configuration_uses(declared: Any) -> None:
    found = declared(environment(grafana=True)).of(SERVICE)
    assert {name: item["spec"]["ports"][0]["port"] for name, item in found.items()} == {
        "prometheus": 9090,
        "alertmanager": 9093,
        "grafana": 3000,
    }


def test_admin_password_is_in_the_secret_alone(declared: Any) -> None:
    engine = declared(environment(grafana=True))
    holders = [item.name for item in engine.resources if PASSWORD in repr(item.inputs)]
    assert holders == ["monitoring-grafana-admin"]


def test_without_grafana_image_there_is_no_secret(declared: Any) -> None:
    engine = declared(environment())
    assert engine.of(SECRET) == {}
    assert "grafana" not in engine.of(SERVICE), "a Service without pods would never become ready"


def test_changed_leases_start_a_new_prometheus(declared: Any) -> None:
    def checksum(given: Environment) -> str:
        template = declared(given).of(DEPLOYMENT)["prometheus"]["spec"]["template"]
        return str(template["metadata"]["annotations"]["warmlane.dev/config-checksum"])

    first = environment()
    assert checksum(first) == checksum(environment())
    assert checksum(first) != checksum(first.model_copy(update={"leases": {}}))


def test_prometheus_knows_the_leases_and_the_day_of_its_environment(declared: Any) -> None:
    hours = environment().model_copy(update={"day_length": 3600})
    text = declared(hours).of(CONFIG_MAP)["prometheus-rules"]["data"]["environment.yaml"]
    rules = {rule["record"]: rule for rule in json.loads(text)["groups"][0]["rules"]}
    assert rules["warmlane_day_length_seconds"]["expr"] == "vector(3600)"
    assert rules["warmlane_lease"]["labels"] == {"campaign": "spring-sale", "lane": "amber"}


def test_missing_images_are_told() -> None:
    pulumi.runtime.set_mocks(Engine(), project="warmlane", stack="dev", preview=False)
    with pytest.raises(ValueError, match="images is not set"):
        Monitoring(
            "monitoring",
            environment=environment().model_copy(update={"images": None}),
            environment_name="dev",
            grafana_admin_password="x",
        )
