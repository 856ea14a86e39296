"""Ways to spoil what runs in a pod, its fields and the options of resources, and changes of these that must pass."""

from __future__ import annotations

from typing import Any

from tests.policies import world
from tests.policies.harness import IMAGE, Declared
from tests.policies.object_changes import add, container, pod, spec, template, volume

Stack = dict[str, Declared]
Change = Any
OTHER_REGISTRY = "registry.elsewhere.example/sender@sha256:" + "ab" * 32
OTHER_DIGEST = IMAGE.split("@")[0] + "@sha256:" + "cd" * 32
BESIDE = {"name": "beside", "image": IMAGE, "command": ["warmlane-gate"]}
HOOK = {"preStop": {"exec": {"command": ["sleep", "3600"]}}}
REFERENCE = {"name": "CAMPAIGN_ID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}


def first(**fields: Any) -> Change:
    """Sets fields of Postfix's container."""
    return lambda stack: pod(stack)["containers"][0].update(fields)


def beside(field: str) -> Change:
    return lambda stack: pod(stack).setdefault(field, []).append(BESIDE)


def variables(*more: dict[str, Any]) -> Change:
    return lambda stack: pod(stack)["containers"][1].update(env=[*more])


def field(**fields: Any) -> Change:
    """Sets fields of the pod."""
    return lambda stack: pod(stack).update(fields)


def without_gate(stack: Stack) -> None:
    del pod(stack)["containers"][1]


def mark(name: str, kind: str, key: str, value: str = "x") -> Change:
    """Puts an annotation or a label on an object."""
    return lambda stack: stack[name].props["metadata"].setdefault(kind, {}).update({key: value})


def pod_mark(kind: str, key: str, value: str) -> Change:
    return lambda stack: template(stack)["metadata"].setdefault(kind, {}).update({key: value})


def ignoring(name: str, *paths: str) -> Change:
    return lambda stack: stack[name].ignored.extend(paths)


def first_deleted(name: str) -> Change:
    return lambda stack: setattr(stack[name], "deletes_first", True)


def kept(image: str) -> Change:
    """A sender that a hold keeps as it was deployed, with an image."""

    def change(stack: Stack) -> None:
        stack["deployment"].ignored.append("spec")
        for one in pod(stack)["containers"]:
            one["image"] = image

    return change


def own_image(stack: Stack) -> None:
    """The campaign names an image of its own, and its program takes it."""
    world.campaigns(spring_sale=lambda body: body.update(sender={"image": OTHER_DIGEST}))
    for one in pod(stack)["containers"]:
        one["image"] = OTHER_DIGEST


def as_the_api_server_writes(stack: Stack) -> None:
    """What a state that was refreshed has beside the program's fields."""
    field(
        dnsPolicy="ClusterFirst",
        restartPolicy="Always",
        schedulerName="default-scheduler",
        securityContext={},
        serviceAccount="email-sender",
        shareProcessNamespace=False,
        hostAliases=[],
    )(stack)
    for one in pod(stack)["containers"]:
        one.update(
            imagePullPolicy="IfNotPresent",
            terminationMessagePath="/dev/termination-log",
            terminationMessagePolicy="File",
        )
    pod_mark("annotations", "kubectl.kubernetes.io/restartedAt", "2026-11-24T12:00:00Z")(stack)


def platform_container(name: str, index: int = 0, **fields: Any) -> Change:
    return lambda stack: stack[name].props["spec"]["template"]["spec"]["containers"][index].update(fields)


RULES = ("containers-known", "pod-fields-known", "options-known")
CONTAINERS, FIELDS, OPTIONS = RULES

POD_MUTANTS: list[tuple[str, str, Change, str]] = [
    (CONTAINERS, "another registry", container(image=OTHER_REGISTRY), f"gate, runs the image {OTHER_REGISTRY}, and"),
    (CONTAINERS, "another digest", first(image=OTHER_DIGEST), f"and the committed config says {IMAGE}"),
    (CONTAINERS, "another registry while held", kept(OTHER_REGISTRY), "email-sender, runs the image registry.else"),
    (CONTAINERS, "a shell", container(command=["sh", "-c", "warmlane-gate"]), "gate, has another command than its own"),
    (
        CONTAINERS,
        "the image's own command",
        first(command=[]),
        "another command than its own. Set command to warmlane-post",
    ),
    (CONTAINERS, "a command longer", first(command=["warmlane-postfix", "-v"]), "email-sender, has another command"),
    (CONTAINERS, "arguments", first(args=["--no-limits"]), "email-sender, has args"),
    (CONTAINERS, "a sidecar", beside("containers"), "container beside, runs beside email-sender, gate"),
    (CONTAINERS, "an init container", beside("initContainers"), "runs beside by initContainers"),
    (CONTAINERS, "an ephemeral container", beside("ephemeralContainers"), "runs beside by ephemeralContainers"),
    (CONTAINERS, "no gate", without_gate, "lacks the container gate, without which nothing limits its mail"),
    (
        CONTAINERS,
        "another loader",
        variables({"name": "LD_PRELOAD", "value": "/a.so"}),
        "given the variable LD_PRELOAD",
    ),
    (CONTAINERS, "a variable of a field", variables(REFERENCE), "gate, is given the variable CAMPAIGN_ID"),
    (
        CONTAINERS,
        "a variable of a secret",
        first(env=[{"name": "CAMPAIGN_ID", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]),
        "email-sender, is given the variable CAMPAIGN_ID",
    ),
    (CONTAINERS, "variables of an object", container(envFrom=[{"secretRef": {"name": "s"}}]), "Remove envFrom"),
    (
        FIELDS,
        "a second network",
        pod_mark("annotations", "k8s.v1.cni.cncf.io/networks", "flat"),
        "its pods, has the annotation k8s.v1.cni.cncf.io/networks",
    ),
    (
        FIELDS,
        "nodes by the namespace",
        mark("namespace", "annotations", "scheduler.alpha.kubernetes.io/node-selector", "pool=other"),
        "Namespace campaign-spring-sale has the annotation scheduler.alpha.kubernetes.io/node-selector",
    ),
    (
        FIELDS,
        "orphaned pods",
        mark("deployment", "annotations", "pulumi.com/deletionPropagationPolicy"),
        "has the anno",
    ),
    (FIELDS, "an injected sidecar", mark("namespace", "labels", "istio-injection", "enabled"), "label istio-injection"),
    (FIELDS, "a pod's sidecar", pod_mark("labels", "sidecar.istio.io/inject", "true"), "label sidecar.istio.io/inject"),
    (FIELDS, "another runtime", field(runtimeClassName="unconfined"), "no sender needs spec.runtimeClassName"),
    (FIELDS, "names of its own", field(hostAliases=[{"ip": "192.0.2.1"}]), "no sender needs spec.hostAliases"),
    (FIELDS, "another resolver", field(dnsConfig={"nameservers": ["192.0.2.1"]}), "no sender needs spec.dnsConfig"),
    (FIELDS, "the node's resolver", field(dnsPolicy="Default"), "spec.dnsPolicy of its pods may be ClusterFirst alone"),
    (
        FIELDS,
        "another scheduler",
        field(schedulerName="mine"),
        "spec.schedulerName of its pods may be default-scheduler",
    ),
    (FIELDS, "no time to end", field(terminationGracePeriodSeconds=0), "may be 30 to 600 alone"),
    (FIELDS, "one process tree", field(shareProcessNamespace=True), "no sender needs spec.shareProcessNamespace"),
    (FIELDS, "another host name", field(setHostnameAsFQDN=True), "no sender needs spec.setHostnameAsFQDN"),
    (FIELDS, "a node by name", field(nodeName="other"), "no sender needs spec.nodeName"),
    (FIELDS, "pulled to others", field(affinity={"podAffinity": {}}), "no sender needs spec.affinity"),
    (FIELDS, "an hour of life", field(activeDeadlineSeconds=0), "no sender needs spec.activeDeadlineSeconds"),
    (FIELDS, "a registry's secret", field(imagePullSecrets=[{"name": "s"}]), "no sender needs spec.imagePullSecrets"),
    (FIELDS, "a hook", container(lifecycle=HOOK), "no sender needs spec.containers[1].lifecycle"),
    (FIELDS, "a sidecar's restart", container(restartPolicy="Always"), "spec.containers[1].restartPolicy"),
    (FIELDS, "a probe that runs", container(livenessProbe={"exec": {"command": ["sh"]}}), "[1].livenessProbe.exec"),
    (FIELDS, "log lines as messages", first(terminationMessagePolicy="FallbackToLogsOnError"), "may be File alone"),
    (FIELDS, "a share of a volume", first(volumeMounts=[{"name": "s", "subPath": "x"}]), "volumeMounts[0].subPath"),
    (FIELDS, "a disk of its own", volume(ephemeral={"volumeClaimTemplate": {"spec": {}}}), ".ephemeral"),
    (FIELDS, "a way to wait", spec("deployment", template={"spec": {"overhead": {"cpu": "1"}}}), "spec.overhead"),
    (OPTIONS, "a policy's spec kept", ignoring("default-deny", "spec"), "keeps spec as deployed, whatever the program"),
    (OPTIONS, "a quota's bounds kept", ignoring("quota", "spec.hard"), "keeps spec.hard as deployed"),
    (OPTIONS, "an image kept", ignoring("deployment", "spec.template"), "or ignore the whole spec while a hold stands"),
    (OPTIONS, "more than a hold keeps", ignoring("deployment", "spec", "metadata"), "keeps spec, metadata as deployed"),
    (OPTIONS, "the schedule kept", ignoring("config", "data"), "keeps data as deployed"),
    (OPTIONS, "open for a while", first_deleted("default-deny"), "would be gone before its replacement stands"),
]

POD_ENVIRONMENT_MUTANTS: list[tuple[str, str, Change, str]] = [
    (CONTAINERS, "another store", platform_container("store-deployment", image=OTHER_REGISTRY), "container postgresql"),
    (
        CONTAINERS,
        "a store without its keeper",
        lambda s: s["store-deployment"].props["spec"]["template"]["spec"]["containers"].pop(),
        "Deployment warmlane-platform/store lacks the container keeper",
    ),
    (
        CONTAINERS,
        "samples sent elsewhere",
        lambda s: (
            s["monitoring-prometheus"]
            .props["spec"]["template"]["spec"]["containers"][0]["command"]
            .append("--web.enable-remote-write-receiver")
        ),
        "another command than its own. Set command to /usr/bin/prometheus --config",
    ),
    (
        CONTAINERS,
        "another workload",
        add("apps/v1:Deployment", namespace="warmlane-platform", stack="dev", spec={"template": {"spec": {}}}),
        "Deployment warmlane-platform/added is no workload of the platform",
    ),
    (
        CONTAINERS,
        "an address of Grafana's own",
        platform_container("monitoring-grafana", env=[{"name": "GF_SMTP_HOST", "value": "192.0.2.1:25"}]),
        "is given the variable GF_SMTP_HOST",
    ),
    (OPTIONS, "the lease table kept", ignoring("platform-lease-table", "data"), "keeps data as deployed"),
    (OPTIONS, "an address given back first", first_deleted("amber-address"), "Eip amber-address would be gone before"),
]

POD_NEAR_MISSES: list[tuple[str, str, Change]] = [
    (CONTAINERS, "the campaign's own image", own_image),
    (CONTAINERS, "an older program while held", kept(OTHER_DIGEST)),
    (CONTAINERS, "no arguments, in words", container(args=[], envFrom=[])),
    (FIELDS, "as the API server writes it", as_the_api_server_writes),
    (FIELDS, "Warmlane's own annotation", mark("namespace", "annotations", "warmlane.dev/queue", "drained")),
    (FIELDS, "a person's label", pod_mark("labels", "team", "mail")),
    (FIELDS, "ten minutes to end", field(terminationGracePeriodSeconds=600)),
    (FIELDS, "another container", beside("containers")),
    (OPTIONS, "kept by a hold", ignoring("deployment", "spec")),
    (OPTIONS, "bounds kept by a hold", ignoring("quota", "spec")),
    (OPTIONS, "a budget in its place", first_deleted("disruption-budget")),
]

POD_ENVIRONMENT_NEAR_MISSES: list[tuple[str, str, Change]] = [
    (OPTIONS, "protected", lambda s: setattr(s["amber-address"], "protect", True)),
    (
        FIELDS,
        "a platform's pod",
        lambda s: s["store-deployment"].props["spec"]["template"]["spec"].update(dnsConfig={}),
    ),
]
