"""What a campaign's stack registers."""

from __future__ import annotations

import json
import runpy

import pulumi
import pytest
from pulumi.runtime import rpc

from campaigns.deployed import undeployed
from campaigns.program import deploy

NAMESPACE = "kubernetes:core/v1:Namespace"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
SERVICE = "kubernetes:core/v1:Service"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
QUOTA = "kubernetes:core/v1:ResourceQuota"
LIMITS = "kubernetes:core/v1:LimitRange"
BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
SERVICE_ACCOUNT = "kubernetes:core/v1:ServiceAccount"
ISOLATION = "warmlane:isolation:CampaignIsolation"
SENDER = "warmlane:sender:CampaignSender"
PASSWORD = "canary-password"
REFLECTOR_KEY = "a-public-key"


def program(case):
    return lambda: deploy(case.environment, case.name, case.campaign, case.lease, PASSWORD, REFLECTOR_KEY)


@pytest.fixture
def registered(run, dev):
    return run(program(dev), stack="spring-sale.dev", outputs=dev.outputs)


def test_type_tokens_are_frozen(registered) -> None:
    tokens = {kind for kind, _ in registered.resources if kind.startswith("warmlane:")}
    assert tokens == {ISOLATION, SENDER}, "another token means that every campaign is deleted and made again"


def test_logical_names_are_frozen(registered) -> None:
    expected = {
        ("pulumi:providers:kubernetes", "kubernetes"),
        (ISOLATION, "spring-sale"),
        (SENDER, "spring-sale"),
        (NAMESPACE, "spring-sale-namespace"),
        *(
            (POLICY, f"spring-sale-{name}")
            for name in (
                "default-deny",
                "dns-egress",
                "producer-ingress",
                "scrape-ingress",
                "sibling-handover",
                "smtp-egress",
                "store-egress",
            )
        ),
        (QUOTA, "spring-sale-quota"),
        (LIMITS, "spring-sale-limits"),
        (BUDGET, "spring-sale-disruption-budget"),
        (SERVICE_ACCOUNT, "spring-sale-service-account"),
        (CONFIG_MAP, "spring-sale-config"),
        (CONFIG_MAP, "spring-sale-identity"),
        (SECRET, "spring-sale-submission"),
        (SECRET, "spring-sale-store"),
        (CLAIM, "spring-sale-exported"),
        (DEPLOYMENT, "spring-sale-deployment"),
        (SERVICE, "spring-sale-siblings"),
        (SERVICE, "spring-sale-service"),
    }
    assert set(registered.resources) == expected, "a renamed resource is deleted and made again"


def test_the_workload_depends_on_every_object_of_its_isolation(registered) -> None:
    isolation = {
        name
        for (kind, name), found in registered.resources.items()
        if found.parent == "spring-sale" and kind in (NAMESPACE, POLICY, QUOTA, LIMITS, BUDGET, SERVICE_ACCOUNT)
    }
    assert len(isolation) == 12, "the isolation's objects are parented to its component"
    workload = registered.one(DEPLOYMENT, "spring-sale-deployment")
    assert isolation <= workload.depends_on, "a pod that starts before its policies is open to everybody"


def test_everything_in_the_namespace_depends_on_it(registered) -> None:
    for found in registered.resources.values():
        if found.type.startswith("kubernetes:") and found.type != NAMESPACE:
            assert "spring-sale-namespace" in found.depends_on, (
                f"{found.name} would be made in a namespace that is missing"
            )
            assert found.inputs["metadata"]["namespace"] == "campaign-spring-sale", f"{found.name} strays"


def test_only_the_way_out_outlives_its_removal_from_state(registered) -> None:
    kept = {name for (_, name), found in registered.resources.items() if found.retain_on_delete}
    assert kept == {"spring-sale-smtp-egress"}, (
        "handing the policy to another owner must not close mail, nothing else stays"
    )


def test_no_campaign_object_is_protected(registered) -> None:
    assert not [found.name for found in registered.resources.values() if found.protect], "protect belongs to lanes"


def test_names_and_fields_are_the_origins(registered) -> None:
    deployment = registered.one(DEPLOYMENT, "spring-sale-deployment").inputs
    assert deployment["metadata"]["name"] == "email-sender-campaign-spring-sale"
    spec = deployment["spec"]
    assert spec["replicas"] == 2
    assert spec["selector"] == {"matchLabels": {"app": "email-sender-spring-sale"}}
    assert spec["template"]["metadata"]["labels"]["app"] == "email-sender-spring-sale"
    container = spec["template"]["spec"]["containers"][0]
    assert container["name"] == "email-sender"
    assert container["env"] == [{"name": "CAMPAIGN_ID", "value": "spring-sale"}]
    assert container["ports"][0]["containerPort"] == 25
    service = registered.one(SERVICE, "spring-sale-service").inputs
    assert service["metadata"]["name"] == "email-sender-service-spring-sale"
    assert service["spec"]["selector"] == {"app": "email-sender-spring-sale"}
    smtp, metrics = service["spec"]["ports"]
    assert smtp == {"name": "smtp", "protocol": "TCP", "port": 25, "targetPort": 25}
    assert metrics["port"] == metrics["targetPort"] == 9100


def test_every_object_says_whose_it_is(registered) -> None:
    for found in registered.resources.values():
        if not found.type.startswith("kubernetes:"):
            continue
        marks = found.inputs["metadata"]["labels"]
        assert marks["warmlane.dev/campaign"] == "spring-sale", f"{found.name} has no campaign"
        assert marks["warmlane.dev/lane"] == "amber", f"{found.name} has no lane"
        assert marks["app.kubernetes.io/part-of"] == "warmlane", f"{found.name} lacks the common labels"


def test_an_update_never_goes_below_its_replicas(registered) -> None:
    strategy = registered.one(DEPLOYMENT, "spring-sale-deployment").inputs["spec"]["strategy"]
    assert strategy["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert registered.one(QUOTA, "spring-sale-quota").inputs["spec"]["hard"]["pods"] == "3", "the surge needs room"
    assert registered.one(BUDGET, "spring-sale-disruption-budget").inputs["spec"]["maxUnavailable"] == 1


def test_probes_ask_for_the_process_alone(registered) -> None:
    for container in registered.one(DEPLOYMENT, "spring-sale-deployment").inputs["spec"]["template"]["spec"][
        "containers"
    ]:
        probes = [container[key] for key in ("startupProbe", "readinessProbe", "livenessProbe") if key in container]
        assert len(probes) >= 2, f"{container['name']} has no probes"
        for probe in probes:
            own = "tcpSocket" in probe or probe["httpGet"]["path"] == "/healthz"
            assert own, "a probe that hears of holds or of the way out would restart a held sender"


def test_the_pod_is_confined(registered) -> None:
    pod = registered.one(DEPLOYMENT, "spring-sale-deployment").inputs["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["capabilities"]["drop"] == ["ALL"], f"{container['name']} keeps capabilities"
        assert context["allowPrivilegeEscalation"] is False and context["readOnlyRootFilesystem"] is True
        assert set(container["resources"]["limits"]) == {"cpu", "memory", "ephemeral-storage"}
    gate = pod["containers"][1]
    assert gate["securityContext"]["runAsNonRoot"] is True, "only Postfix needs root"
    assert "submission" not in {mount["name"] for mount in gate["volumeMounts"]}, "the gate never sees the password"
    mounts = [mount for container in pod["containers"] for mount in container["volumeMounts"]]
    assert not [mount for mount in mounts if "subPath" in mount], "a subPath mount never follows a change"


def test_the_config_is_known_before_anything_is_deployed(run, dev) -> None:
    preview = run(program(dev), preview=True, stack="spring-sale.dev", outputs={})
    data = preview.one(CONFIG_MAP, "spring-sale-config").inputs["data"]
    assert json.loads(data["config.json"])["lane"] == "amber"
    policy = preview.one(POLICY, "spring-sale-smtp-egress").inputs
    assert policy["metadata"]["namespace"] == "campaign-spring-sale", "a rule that meets an unknown is only advisory"


def test_a_lease_that_is_not_deployed_previews_with_an_unknown_address(run, dev) -> None:
    preview = run(program(dev), preview=True, stack="spring-sale.dev", outputs={"lanes": {}, "leases": {}})
    identity = preview.one(CONFIG_MAP, "spring-sale-identity").inputs["data"]["identity.json"]
    assert isinstance(identity, pulumi.output.Unknown), "the address exists only after the environment's `up`"


def test_a_lease_that_is_not_deployed_stops_an_update_before_it_makes_anything(run, dev) -> None:
    seen = []

    def watched() -> None:
        seen.append(pulumi.runtime.settings.SETTINGS.monitor.recorder)
        program(dev)()

    with pytest.raises(pulumi.RunError, match="Run `pulumi up -s dev` in the repository's root first"):
        run(watched, stack="spring-sale.dev", outputs={"lanes": {}, "leases": {"spring-sale": "birch"}})
    made = [name for (kind, name) in seen[0].resources if not kind.startswith("pulumi:")]
    assert made == [], "an update that can't finish must leave the cluster as it was"


def test_the_address_of_the_lane_reaches_the_pod(registered) -> None:
    identity = registered.one(CONFIG_MAP, "spring-sale-identity").inputs["data"]["identity.json"]
    assert json.loads(identity) == {
        "address": "198.51.100.20",
        "reflector": {"address": "203.0.113.24", "public_key": REFLECTOR_KEY},
    }


def test_the_password_is_in_the_secret_alone(registered) -> None:
    for found in registered.resources.values():
        assert PASSWORD not in repr(found.inputs), f"{found.name} carries the bare password"
    data = registered.one(SECRET, "spring-sale-submission").inputs["data"]
    assert rpc.is_rpc_secret(data), "state, previews and logs would show the password"
    assert set(rpc.unwrap_rpc_secret(data)) == {"username", "password"}


def test_under_nat_gateway_the_pod_is_pinned_to_its_lanes_nodes(run, prod) -> None:
    found = run(program(prod), stack="receipts.prod", outputs=prod.outputs)
    pod = found.one(DEPLOYMENT, "receipts-deployment").inputs["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"warmlane.dev/lane": "cobalt"}
    assert pod["tolerations"] == [
        {"key": "warmlane.dev/lane", "operator": "Equal", "value": "cobalt", "effect": "NoSchedule"}
    ]


@pytest.mark.parametrize(
    ("lanes", "leases", "words"),
    [
        ({}, {}, "leases it no lane"),
        ({"birch": {}}, {"spring-sale": "birch"}, "still leases birch to it"),
        ({}, {"spring-sale": "amber"}, "leases lane amber"),
    ],
)
def test_a_deployed_environment_that_differs_is_named(dev, lanes, leases, words) -> None:
    assert words in undeployed("spring-sale", dev.lease, "dev", lanes, leases)


def test_the_flat_program_of_the_bench_makes_the_same_objects(run, dev, registered, monkeypatch) -> None:
    monkeypatch.setattr(
        "components.committed.campaign_of_stack", lambda _: (dev.name, dev.environment, dev.campaign, dev.lease)
    )
    monkeypatch.setattr("components.secret_values.submission_password", lambda *_: PASSWORD)
    monkeypatch.setattr("components.committed.reflector_key", lambda *_: REFLECTOR_KEY)
    flat = run(lambda: runpy.run_path("bench/flat", run_name="__main__"), stack="spring-sale.dev", outputs=dev.outputs)

    def objects(recorded):
        found = [(kind, resource.inputs) for (kind, _), resource in recorded.resources.items()]
        return {json.dumps((kind, inputs), sort_keys=True) for kind, inputs in found if kind.startswith("kubernetes:")}

    assert objects(flat) == objects(registered), "a comparison of two programs that differ measures nothing"
