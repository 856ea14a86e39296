"""Ways to spoil what a campaign's stack derives from its id; the same shape as in `campaign_mutants.py`."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from tests.policies.harness import Declared, kubernetes

Stack = dict[str, Declared]
Change = Callable[[Stack], object]
RULE, CONFIGURED = "derived-identity", "sender-configured"
WHERE = "campaign-spring-sale"


def metadata(of: str, **changes: Any) -> Change:
    return lambda stack: stack[of].props["metadata"].update(changes)


def label(name: str, key: str, value: str) -> Change:
    return lambda stack: stack[name].props["metadata"]["labels"].update({key: value})


def pod(stack: Stack) -> Any:
    return stack["deployment"].props["spec"]["template"]


def variable(value: str) -> Change:
    return lambda stack: pod(stack)["spec"]["containers"][0]["env"][0].update(value=value)


def document(**changes: Any) -> Change:
    def change(stack: Stack) -> None:
        data = stack["config"].props["data"]
        data["config.json"] = json.dumps(json.loads(data["config.json"]) | changes)

    return change


def proof(**changes: Any) -> Change:
    """Changes what a sender is told of the reflector."""

    def change(stack: Stack) -> None:
        data = stack["identity"].props["data"]
        told = json.loads(data["identity.json"])
        told["reflector"] |= changes
        data["identity.json"] = json.dumps(told)

    return change


def no_identity(stack: Stack) -> None:
    stack["identity"].props["data"] = {}


def user(name: str) -> Change:
    return lambda stack: stack["submission"].props["data"].update(username=base64.b64encode(name.encode()).decode())


def claim(**spec: Any) -> Change:
    added = kubernetes("core/v1:PersistentVolumeClaim", "spool", WHERE, spec=spec)
    return lambda stack: stack.update(added=added)


def mount(**changes: Any) -> Change:
    """Changes the mount of the sender's configuration."""

    def change(stack: Stack) -> None:
        mounts = pod(stack)["spec"]["containers"][0]["volumeMounts"]
        next(one for one in mounts if one["name"] == "config").update(changes)

    return change


def volume(**changes: Any) -> Change:
    """Changes the volume of the sender's configuration."""

    def change(stack: Stack) -> None:
        volumes = pod(stack)["spec"]["volumes"]
        next(one for one in volumes if one["name"] == "config")["configMap"].update(changes)

    return change


IDENTITY_MUTANTS: list[tuple[str, str, Change, str]] = [
    (RULE, "another namespace", metadata("namespace", name="campaign-newsletter"), "metadata.name is campaign-newslet"),
    (RULE, "into another's namespace", metadata("submission", namespace="campaign-newsletter"), f"set it to {WHERE}"),
    (RULE, "another's workload", metadata("deployment", name="email-sender-campaign-newsletter"), "The workload is"),
    (RULE, "another's Service", metadata("service", name="email-sender-service-newsletter"), "The Service is derived"),
    (RULE, "another's Secret", metadata("submission", name="newsletter-submission"), "no part of a sender reads"),
    (RULE, "another's account", metadata("service-account", name="newsletter"), "set it to email-sender"),
    (
        RULE,
        "another's ConfigMap",
        metadata("config", name="newsletter-config"),
        "no part of a sender reads",
    ),
    (
        RULE,
        "another's series",
        label("service", "warmlane.dev/campaign", "newsletter"),
        "The campaign label is derived",
    ),
    (RULE, "another's lane label", label("service", "warmlane.dev/lane", "birch"), "set it to amber"),
    (
        RULE,
        "another's app",
        label("deployment", "app", "email-sender-newsletter"),
        "set it to email-sender-spring-sale",
    ),
    (RULE, "no labels", metadata("quota", labels={}), "is missing. The campaign label is derived"),
    (
        RULE,
        "pods of another",
        lambda s: pod(s)["metadata"]["labels"].update(app="email-sender-newsletter"),
        "spec.template.metadata.labels.app is email-sender-newsletter",
    ),
    (
        RULE,
        "a selector of another",
        lambda s: s["service"].props["spec"].update(selector={"app": "email-sender-newsletter"}),
        "spec.selector is {'app': 'email-sender-newsletter'}",
    ),
    (
        RULE,
        "a selector of all",
        lambda s: s["service"].props["spec"].update(selector={"app.kubernetes.io/name": "email-sender"}),
        "The selector is derived",
    ),
    (
        RULE,
        "a budget of another",
        lambda s: s["disruption-budget"].props["spec"].update(selector={"matchLabels": {"app": "x"}}),
        "spec.selector.matchLabels is {'app': 'x'}",
    ),
    (
        RULE,
        "an account of another",
        lambda s: pod(s)["spec"].update(serviceAccountName="newsletter"),
        "spec.template.spec.serviceAccountName is newsletter",
    ),
    (RULE, "another's id", variable("newsletter"), "CAMPAIGN_ID is newsletter"),
    (RULE, "no id", lambda s: pod(s)["spec"]["containers"][0].update(env=[]), "CAMPAIGN_ID is missing"),
    (RULE, "another's user", user("newsletter"), "The submission user, in base64, is derived"),
    (
        RULE,
        "another's HELO",
        document(hostname="birch.warmlane.test"),
        "The HELO name is derived",
    ),
    (RULE, "a HELO of its own", document(hostname="mail.warmlane.test"), "set it to amber.warmlane.test"),
    (RULE, "another's lane", document(lane="birch"), "config.json lane is birch"),
    (
        RULE,
        "another's reflector",
        proof(address="198.51.100.9"),
        "reflector.address in identity.json is 198.51.100.9, but the committed config says 203.0.113.24",
    ),
    (RULE, "no identity", no_identity, "does not hold JSON in identity.json"),
    (RULE, "another's document", document(campaign="newsletter"), "config.json campaign is newsletter"),
    (RULE, "a volume by name", claim(volumeName="pv-1"), "names its storage by volumeName"),
    (RULE, "a volume by label", claim(selector={"matchLabels": {"a": "b"}}), "names its storage by selector"),
    (RULE, "a copy of another's", claim(dataSource={"kind": "PersistentVolumeClaim", "name": "x"}), "by dataSource"),
    (CONFIGURED, "part of it", mount(subPath="config.json"), "does not mount the ConfigMap sender-config"),
    (CONFIGURED, "another ConfigMap", volume(name="other"), "does not mount the ConfigMap sender-config"),
    (CONFIGURED, "perhaps", volume(optional=True), "starts without the ConfigMap sender-config"),
]
