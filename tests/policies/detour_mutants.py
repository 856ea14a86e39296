"""Ways round the rules, with objects that look sound; the same shape as in `campaign_mutants.py`."""

from __future__ import annotations

from typing import Any

from tests.policies.harness import Declared, kubernetes
from tests.policies.object_changes import WHERE, Change, Stack, add, container, pod, variable, volume

CONFIGURED, SECRETS, TOKEN, VOLUMES = (
    "sender-configured",
    "secrets-in-secrets",
    "no-service-account-token",
    "no-host-volumes",
)
UNSEEN, PLACE, QUOTA = "no-unseen-objects", "objects-in-own-namespace", "quota-and-limits-present"
ADMISSION = "kubernetes:admissionregistration.k8s.io/v1"


def metadata(key: str, **fields: Any) -> Change:
    return lambda stack: stack[key].props["metadata"].update(fields)


def declared(type_: str, stack: str = "spring-sale.dev", **props: Any) -> Change:
    return lambda objects: objects.update(added=Declared(type_, "added", props, stack=stack, protect=True))


def provider(kind: str, **props: Any) -> Change:
    return lambda stack: stack[kind].props.update(props)


def remapped(stack: Stack) -> None:
    """The sender finds another key of its ConfigMap under the name of the one that is judged."""
    items = [{"key": "fast.json", "path": "config.json"}]
    next(one for one in pod(stack)["volumes"] if one["name"] == "config")["configMap"]["items"] = items


def mounts(name: str, path: str) -> Change:
    """Mounts a volume of the sender's at a path, beside what it mounts."""
    return lambda stack: pod(stack)["containers"][0]["volumeMounts"].append({"name": name, "mountPath": path})


def swapped(stack: Stack) -> None:
    """The identity, whose values nobody knows in preview, lies where the configuration is read."""
    for mount in pod(stack)["containers"][0]["volumeMounts"]:
        place = {"config": "/unused", "identity": "/etc/warmlane/config"}
        mount["mountPath"] = place.get(mount["name"], mount["mountPath"])


def probe(**fields: Any) -> Change:
    return container(livenessProbe=fields)


def beside(type_: str) -> Change:
    """Adds an object of another type that holds the sender's own spec."""
    return lambda stack: stack.update(added=kubernetes(type_, "added", WHERE, spec=pod(stack)))


HEADER = {"name": "Authorization", "value": "Basic aGVsbG86aGVsbG8="}
OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "0"}

DETOUR_MUTANTS: list[tuple[str, str, Change, str]] = [
    (CONFIGURED, "another key", remapped, "picks keys of the ConfigMap sender-config"),
    (CONFIGURED, "another document", swapped, "does not mount the ConfigMap sender-config"),
    (CONFIGURED, "a pod beside it", beside("core/v1:Pod"), "makes pods beside the sender"),
    (CONFIGURED, "an autoscaler", beside("autoscaling/v2:HorizontalPodAutoscaler"), "changes how many pods send"),
    (CONFIGURED, "more replicas", lambda s: s["deployment"].props["spec"].update(replicas=50), "has 50 replicas"),
    (CONFIGURED, "hidden", mounts("runtime", "/etc/warmlane/"), "mounts runtime over or into /etc/warmlane/config"),
    (CONFIGURED, "hidden one by one", mounts("runtime", "/etc/warmlane/config/x"), "mounts runtime over or into"),
    (SECRETS, "short name", variable("SMTP_PASS", "hunter2"), "the variable SMTP_PASS of container"),
    (SECRETS, "one word", variable("PGPASSWORD", "hunter2"), "the variable PGPASSWORD of container"),
    (SECRETS, "connection", variable("STORE", "host=db password=hunter2"), "the variable STORE (password) of"),
    (SECRETS, "label", lambda s: s["config"].props["metadata"]["labels"].update(token="a1"), "metadata.labels.token"),
    (SECRETS, "probe", probe(exec={"command": ["ask", "--password=hunter2"]}), "the option password of livenessProbe"),
    (SECRETS, "header", probe(httpGet={"httpHeaders": [HEADER]}), "the header Authorization of livenessProbe"),
    (
        TOKEN,
        "a cloud's role",
        metadata("service-account", annotations={"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/mail"}),
        "gives its pods a role of the cloud",
    ),
    (VOLUMES, "share", volume(nfs={"server": "203.0.113.9", "path": "/"}), "fetch the volume v by nfs"),
    (VOLUMES, "driver", volume(csi={"driver": "csi.example.test"}), "fetch the volume v by csi"),
    (VOLUMES, "repository", volume(gitRepo={"repository": "https://git.example.test"}), "by gitRepo"),
    (QUOTA, "priority", lambda s: pod(s).update(priorityClassName="system-node-critical"), "out by its priorityClass"),
    (PLACE, "owner", metadata("default-deny", ownerReferences=[OWNER]), "has an owner, and the cluster deletes it"),
    (PLACE, "other cluster", provider("kubernetes", context="other"), "context is other, but the committed config"),
    (PLACE, "no cluster", lambda s: s["kubernetes"].props.pop("context"), "context is missing"),
    (PLACE, "files", provider("kubernetes", renderYamlToDirectory="out"), "sets renderYamlToDirectory"),
    (UNSEEN, "a record", declared("aws:route53/record:Record", name="birch.warmlane.test"), "owns nothing in AWS"),
    (UNSEEN, "rights", declared("aws:iam/rolePolicyAttachment:RolePolicyAttachment"), "owns nothing in AWS"),
    (UNSEEN, "admission", declared(f"{ADMISSION}:ValidatingAdmissionPolicy", name="p"), "decide for the whole cluster"),
    (UNSEEN, "a binding", add("core/v1:Binding", target={"kind": "Node", "name": "n"}), "past the scheduler"),
]
"""Of a campaign's stack."""

DETOUR_ENVIRONMENT_MUTANTS: list[tuple[str, str, Change, str]] = [
    (UNSEEN, "Fargate", declared("aws:eks/fargateProfile:FargateProfile", "dev"), "is no part of a lane"),
    (UNSEEN, "machine", declared("aws:ec2/instance:Instance", "dev"), "is no part of a lane"),
    (UNSEEN, "role of pods", declared("aws:eks/podIdentityAssociation:PodIdentityAssociation", "dev"), "is no part of"),
    (UNSEEN, "webhook", declared(f"{ADMISSION}:MutatingWebhookConfiguration", "dev"), "is of the API group admission"),
    (UNSEEN, "mutation", declared(f"{ADMISSION}:MutatingAdmissionPolicy", "dev"), "is of the API group admission"),
    (UNSEEN, "API server", declared("kubernetes:apiregistration.k8s.io/v1:APIService", "dev"), "of the API group api"),
    (UNSEEN, "node", declared("kubernetes:core/v1:Node", "dev", metadata={"name": "n"}), "past the scheduler"),
    (PLACE, "other region", provider("aws", region="eu-west-1"), "region is eu-west-1, but the committed config"),
    (PLACE, "other account", provider("aws", profile="other"), "sets profile, by which its objects go elsewhere"),
]
"""Of the lab's environment."""

DETOUR_NEAR_MISSES: list[tuple[str, str, Change]] = [
    (CONFIGURED, "a neighbour", mounts("runtime", "/etc/warmlane/config-cache")),
    (SECRETS, "a result", variable("METRIC_DMARC_PASS", "authenticated")),
    (SECRETS, "a round", variable("FIRST_PASS", "short")),
    (SECRETS, "a passport", variable("PASSPORT", "none")),
    (SECRETS, "an argument's name", variable("FLAGS", "--password-file=/run/secrets/sasl")),
    (SECRETS, "a probe's host", probe(httpGet={"httpHeaders": [{"name": "Host", "value": "gate"}]})),
    (TOKEN, "a note", metadata("service-account", annotations={"warmlane.dev/note": "none"})),
    (VOLUMES, "of the cluster", volume(downwardAPI={"items": []})),
    (QUOTA, "no priority", lambda s: pod(s).update(priority=0, priorityClassName="")),
    (PLACE, "no owner", metadata("default-deny", ownerReferences=[])),
    (PLACE, "a timeout", provider("kubernetes", skipUpdateUnreachable="false")),
    (PLACE, "the kubeconfig in $KUBECONFIG", provider("kubernetes", kubeconfig="/home/somebody/.kube/config")),
    (UNSEEN, "an autoscaler", add("autoscaling/v2:HorizontalPodAutoscaler", namespace=WHERE)),
]
"""Changes to a campaign's stack that must pass."""
