"""Feeds rules as Pulumi's engine does: through the policy itself, with properties behind the SDK's proxies."""

from __future__ import annotations

import json
from typing import Any

from pulumi_policy import (
    PolicyCustomTimeouts,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from components.sender_pod import SURGE, deployment_spec
from policies.rules import RULES
from warmlane import isolation, labels, names, sizing
from warmlane.config import load_campaign, read_environment
from warmlane.environment import Images
from warmlane.sender_config import CONFIG_KEY, sender_config

UNKNOWN = UNKNOWN_STRING_VALUE
Rule = ResourceValidationPolicy | StackValidationPolicy


def rule(name: str) -> Rule:
    """The rule of that name."""
    return next(found for found in RULES if found.name == name)


def options(protect: bool) -> PolicyResourceOptions:
    return PolicyResourceOptions(
        protect=protect,
        ignore_changes=[],
        delete_before_replace=None,
        aliases=[],
        custom_timeouts=PolicyCustomTimeouts(0, 0, 0),
        additional_secret_outputs=[],
    )


class Declared:
    """A resource that a test declares; its `props` may be changed until rules look at them."""

    def __init__(
        self,
        type_: str,
        name: str,
        props: dict[str, Any],
        *,
        stack: str = "spring-sale.dev",
        parents: str = "",
        protect: bool = False,
        depends_on: list[Declared] | None = None,
        property_dependencies: dict[str, list[Declared]] | None = None,
    ) -> None:
        self.type, self.name, self.protect = type_, name, protect
        self.props = json.loads(json.dumps(props))
        self.urn = f"urn:pulumi:{stack}::warmlane::{parents}{type_}::{name}"
        self.depends_on = depends_on or []
        self.property_dependencies = property_dependencies or {}

    def proxy(self) -> Any:
        """Properties as the engine sends them: numbers are floats, and unknown values raise."""
        return unknown_checking_proxy(json.loads(json.dumps(self.props), parse_int=float))


def violations(judging: Rule, resources: list[Declared]) -> list[str]:
    """Messages of one rule for a stack of resources."""
    found: list[str] = []

    def report(message: str, _urn: str | None = None) -> None:
        found.append(message)

    if isinstance(judging, ResourceValidationPolicy):
        for item in resources:
            args = ResourceValidationArgs(item.type, item.proxy(), item.urn, item.name, options(item.protect), None)
            judging.validate(args, report)
        return found
    made = {
        item.urn: PolicyResource(
            item.type, item.proxy(), item.urn, item.name, options(item.protect), None, None, [], {}
        )
        for item in resources
    }
    for item in resources:
        made[item.urn].dependencies = [made[other.urn] for other in item.depends_on if other.urn in made]
        made[item.urn].property_dependencies = {
            key: [made[other.urn] for other in others if other.urn in made]
            for key, others in item.property_dependencies.items()
        }
    judging.validate(StackValidationArgs(list(made.values())), report)
    return found


IMAGE = "registry.example/sender@sha256:" + "ab" * 32


def kubernetes(api: str, name: str, namespace: str, **rest: Any) -> Declared:
    """A Kubernetes object; `rest` may hold its fields, and `labels`."""
    kind = api.rsplit(":", 1)[1]
    metadata = {"name": name, "namespace": namespace, "labels": rest.pop("labels", {})}
    extra = {key: rest.pop(key) for key in ("stack", "depends_on", "property_dependencies") if key in rest}
    return Declared(f"kubernetes:{api}", f"{namespace}-{kind}-{name}", {"metadata": metadata, **rest}, **extra)


def campaign_stack(campaign_id: str = "spring-sale") -> dict[str, Declared]:
    """By short name, the objects of a sound campaign stack that rules look at."""
    from policies.committed import REPOSITORY

    environment = read_environment(REPOSITORY, "dev")
    environment = environment.model_copy(
        update={"images": Images(sender=IMAGE, prometheus=IMAGE, alertmanager=IMAGE, postgresql=IMAGE)}
    )
    campaign, lease = load_campaign(REPOSITORY, campaign_id, "dev"), environment.leases[campaign_id]
    where, stack = names.namespace(campaign_id), f"{campaign_id}.dev"
    around = isolation.surroundings(environment)
    specs = isolation.campaign_policies(campaign, around)
    specs[names.SMTP_EGRESS_POLICY] = isolation.smtp_egress_spec(around)
    objects = {
        "namespace": Declared(
            "kubernetes:core/v1:Namespace",
            where,
            {"metadata": {"name": where, "labels": {"pod-security.kubernetes.io/enforce": "baseline"}}},
            stack=stack,
        )
    }
    for name, spec in specs.items():
        objects[name] = kubernetes("networking.k8s.io/v1:NetworkPolicy", name, where, spec=spec, stack=stack)
    hard = sizing.quota(campaign.sender.size, campaign.sender.replicas, SURGE)
    objects["quota"] = kubernetes("core/v1:ResourceQuota", "campaign-quota", where, spec={"hard": hard}, stack=stack)
    limits = sizing.limit_range(campaign.sender.size)
    objects["limits"] = kubernetes("core/v1:LimitRange", "campaign-limits", where, spec=limits, stack=stack)
    document = sender_config(campaign, lease.lane, environment.lanes[lease.lane], lease, environment)
    objects["config"] = kubernetes(
        "core/v1:ConfigMap", names.SENDER_CONFIG_MAP, where, data={CONFIG_KEY: json.dumps(document)}, stack=stack
    )
    objects["identity"] = kubernetes(
        "core/v1:ConfigMap", names.SENDER_IDENTITY_CONFIG_MAP, where, data={"identity.json": UNKNOWN}, stack=stack
    )
    objects["deployment"] = kubernetes(
        "apps/v1:Deployment",
        names.deployment(campaign_id),
        where,
        labels=labels.campaign(campaign_id, lease.lane, "sender"),
        spec=deployment_spec(campaign, environment, lease.lane),
        stack=stack,
        depends_on=list(objects.values()),
    )
    return objects


def environment_stack() -> dict[str, Declared]:
    """By short name, the resources of a sound environment stack that rules look at; addresses are not known yet."""
    made: dict[str, Declared] = {
        "lease-table": kubernetes(
            "core/v1:ConfigMap",
            names.LEASE_TABLE_CONFIG_MAP,
            names.PLATFORM_NAMESPACE,
            data={"amber": "spring-sale", "birch": "newsletter"},
            stack="dev",
        )
    }
    for lane, campaign in (("amber", "spring-sale"), ("birch", "newsletter")):
        where = {"stack": "dev", "parents": "warmlane:lane:Lane$", "protect": True}
        eip = Declared("aws:ec2/eip:Eip", f"{lane}-address", {"domain": "vpc"}, **where)
        record = {"type": "A", "name": f"{lane}.warmlane.test", "records": [UNKNOWN]}
        made[f"{lane}-address"] = eip
        made[f"{lane}-host"] = Declared("aws:route53/record:Record", f"{lane}-host", record, **where)
        reverse = {"allocationId": UNKNOWN, "domainName": f"{lane}.warmlane.test"}
        made[f"{lane}-reverse"] = Declared("aws:ec2/eipDomainName:EipDomainName", f"{lane}-reverse", reverse, **where)
        selector = {"io.kubernetes.pod.namespace": names.namespace(campaign), labels.LANE: lane}
        spec = {
            "selectors": [{"podSelector": {"matchLabels": selector}}],
            "destinationCIDRs": ["0.0.0.0/0"],
            "egressGateway": {"nodeSelector": {"matchLabels": {"gateway": "true"}}, "egressIP": UNKNOWN},
        }
        made[f"{lane}-policy"] = Declared(
            "kubernetes:cilium.io/v2:CiliumEgressGatewayPolicy",
            f"{lane}-policy",
            {"metadata": {"name": f"lane-{lane}"}, "spec": spec},
            stack="dev",
            property_dependencies={"spec": [eip]},
        )
    return made
