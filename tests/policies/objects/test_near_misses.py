"""What looks like a violation and is none must pass: a rule that cries wolf is soon switched off."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.policies.detour_mutants import DETOUR_NEAR_MISSES
from tests.policies.harness import IMAGE, Declared, campaign_stack, environment_stack, kubernetes, rule, violations
from tests.policies.object_changes import (
    RBAC,
    WHERE,
    Change,
    add,
    annotation,
    binding,
    claim,
    container,
    data,
    hard,
    level,
    pod,
    record,
    role,
    service,
    variable,
    volume,
)
from tests.policies.pod_mutants import POD_ENVIRONMENT_NEAR_MISSES, POD_NEAR_MISSES

Stack = dict[str, Declared]


def second_quota(stack: Stack) -> None:
    """Bounds one key less tightly than the first quota, which holds all the same."""
    spec = {"hard": {"pods": "100", "services.nodeports": "5"}}
    stack["second"] = kubernetes("core/v1:ResourceQuota", "second", WHERE, spec=spec)


def moved_quota(stack: Stack) -> None:
    """Two quotas bound together what one did."""
    bounds = stack["quota"].props["spec"]["hard"]
    spec = {"hard": {"pods": bounds.pop("pods")}}
    stack["second"] = kubernetes("core/v1:ResourceQuota", "second", WHERE, spec=spec)


def in_two_steps(stack: Stack) -> None:
    """The workload reaches its quota by way of its configuration."""
    stack["config"].depends_on.append(stack["quota"])
    stack["deployment"].depends_on.remove(stack["quota"])


def elsewhere(stack: Stack) -> None:
    """A policy of another namespace, which the workload has nothing to do with."""
    stack["other"] = kubernetes("networking.k8s.io/v1:NetworkPolicy", "other", "producers")


def user_namespace(stack: Stack) -> None:
    """Root in a user namespace of its own, under `restricted`."""
    level("restricted")(stack)
    spec = pod(stack)
    spec["hostUsers"] = False
    for each in spec["containers"]:
        each["securityContext"]["capabilities"] = {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}


def bound_role(stack: Stack) -> None:
    """A role of the campaign's namespace for an account of the platform, by object and verb."""
    rules = [{"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["sender-submission"], "verbs": ["get"]}]
    stack["role"] = kubernetes(f"{RBAC}:Role", "rotate", WHERE, rules=rules)
    subjects = [{"kind": "ServiceAccount", "name": "rotator", "namespace": "warmlane-platform"}]
    ref = {"kind": "Role", "name": "rotate"}
    stack["binding"] = kubernetes(f"{RBAC}:RoleBinding", "rotate", WHERE, roleRef=ref, subjects=subjects)


PROVISIONED = "pvc-0b5c7f2e-6a44-4c1e-9d5a-2f2b7d1f9a10"
CAMPAIGN: list[tuple[str, str, Change]] = [
    ("quota-and-limits-present", "a looser quota beside the first", second_quota),
    ("quota-and-limits-present", "two quotas that add up", moved_quota),
    ("quota-and-limits-present", "the same amount in another unit", hard(requests__memory="983040Ki", pods=3)),
    ("quota-and-limits-present", "less than is needed", hard(limits__cpu="1")),
    ("no-host-access", "host fields that say no", lambda s: pod(s).update(hostNetwork=False, hostPID=False)),
    ("no-host-access", "port 0 of the host", container(ports=[{"containerPort": 9100, "hostPort": 0}])),
    ("no-host-access", "a probe of the pod itself", container(livenessProbe={"tcpSocket": {"port": 1, "host": ""}})),
    ("no-host-access", "a directory of the pod", volume(emptyDir={})),
    ("pod-security-level", "a higher level that its pods pass", user_namespace),
    ("pod-security-level", "the latest version", level("baseline", "latest")),
    ("pod-security-level", "a newer version", level("baseline", "v1.40")),
    (
        "pod-security-level",
        "a patch that leaves the level alone",
        lambda s: s.update(
            added=Declared("kubernetes:core/v1:NamespacePatch", "patch", {"metadata": {"name": WHERE, "labels": {}}})
        ),
    ),
    ("no-host-volumes", "a class", claim(storageClassName="ssd")),
    ("no-host-volumes", "the default class", claim(accessModes=["ReadWriteOnce"])),
    ("no-host-volumes", "a claim that a class has filled", claim(volumeName=PROVISIONED, storageClassName="ssd")),
    (
        "no-host-volumes",
        "a volume off the nodes",
        add("core/v1:PersistentVolume", namespace="", spec={"csi": {"driver": "csi.example.test"}}),
    ),
    ("images-by-digest", "tag and digest", container(image=IMAGE.replace("@", ":1.2@"))),
    ("images-by-digest", "a volume by digest", volume(image={"reference": IMAGE})),
    (
        "no-service-account-token",
        "a patch that says nothing of it",
        add("core/v1:ServiceAccountPatch", "email-sender", secrets=[]),
    ),
    ("no-service-account-token", "a mounted Secret", volume(projected={"sources": [{"secret": {"name": "s"}}]})),
    ("isolation-before-workload", "an edge by way of another", in_two_steps),
    ("isolation-before-workload", "another namespace's policy", elsewhere),
    ("services-inside-cluster", "no type", lambda s: s["service"].props["spec"].pop("type")),
    (
        "services-inside-cluster",
        "another name for itself",
        service(type="ExternalName", externalName=f"email-sender-service-spring-sale.{WHERE}.svc.cluster.local"),
    ),
    ("services-inside-cluster", "no external address", service(externalIPs=[])),
    ("services-inside-cluster", "headless", service(clusterIP="None")),
    ("secrets-in-secrets", "where a password lies", variable("SASL_PASSWORD_FILE", "/run/secrets/sasl")),
    ("secrets-in-secrets", "what a secret is called", variable("SUBMISSION_SECRET_NAME", "sender-submission")),
    ("secrets-in-secrets", "a variable of another", container(args=["--password=$(SASL_PASSWORD)"])),
    ("secrets-in-secrets", "an empty password", variable("PASSWORD", "")),
    ("secrets-in-secrets", "a public key", data("v=DKIM1; k=rsa; p=MIIB", "dkim-public-key")),
    ("secrets-in-secrets", "a URL without password", variable("STORE", "postgresql://sender@store:5432/db")),
    ("secrets-in-secrets", "a port after a host", variable("RELAY", "smtp://relay.example.test:587/@x")),
    ("secrets-in-secrets", "tokens that are counted", data(json.dumps({"bucket": {"tokens": 5, "token_ttl": "1h"}}))),
    ("secrets-in-secrets", "a key of a label", data(json.dumps({"toleration": {"key": "warmlane.dev/lane"}}))),
    ("secrets-in-secrets", "a map of passwords by path", data("smtp_sasl_password_maps = texthash:/run/sasl\n")),
    ("secrets-in-secrets", "a checksum", annotation("warmlane.dev/config-checksum", "0123456789abcdef")),
    ("secrets-in-secrets", "in a Secret", add("core/v1:Secret", stringData={"password": "hunter2"})),
    ("rbac-least-privilege", "a named secret for the platform", bound_role),
    ("rbac-least-privilege", "creation of secrets", role(resources=["secrets"], verbs=["create"])),
    ("rbac-least-privilege", "a status", role(resources=["pods/status"])),
]
ENVIRONMENT: list[tuple[str, str, Change]] = [
    (
        "address-protected",
        "a host of somebody else's",
        lambda s: s.update(added=record("web-host", name="web.warmlane.test", records=["203.0.113.99"])),
    ),
    (
        "address-protected",
        "made from something that is no address",
        lambda s: s.update(added=record("web-host", [s["platform-namespace"]], name="web.warmlane.test")),
    ),
    (
        "address-protected",
        "an alias",
        lambda s: s.update(
            added=record("web", name="www.warmlane.test", type="CNAME", records=["amber.warmlane.test"])
        ),
    ),
    ("rbac-least-privilege", "an account of the platform", binding(namespace="warmlane-monitoring")),
    ("rbac-least-privilege", "a group of people", binding("operators", "Group")),
    (
        "services-inside-cluster",
        "a load balancer for people",
        lambda s: (
            s["monitoring-grafana-service"]
            .props["spec"]
            .update(type="LoadBalancer", allocateLoadBalancerNodePorts=False)
        ),
    ),
]
CASES: list[tuple[Callable[[], Stack], str, str, Change]] = [
    *[(campaign_stack, *case) for case in [*CAMPAIGN, *DETOUR_NEAR_MISSES, *POD_NEAR_MISSES]],
    *[(environment_stack, *case) for case in [*ENVIRONMENT, *POD_ENVIRONMENT_NEAR_MISSES]],
]


@pytest.mark.parametrize(
    ("build", "name", "title", "change"), CASES, ids=[f"{name}-{title}" for _, name, title, _ in CASES]
)
def test_a_near_miss_passes(build: Callable[[], Stack], name: str, title: str, change: Change) -> None:
    stack = build()
    change(stack)
    assert violations(rule(name), list(stack.values())) == [], title
