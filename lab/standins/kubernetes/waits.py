"""When an object that was accepted is also ready, and when a deleted one is gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from lab.standins.kubernetes.api import Api, ApiError, Object
from lab.standins.kubernetes.objects import at

DEFAULT_SECONDS = 600.0
"""How long an object may take to become ready or to go; Pulumi's provider has the same for workloads (`await.go`)."""
FIRST_LOOK = 0.1
LAST_LOOK = 1.0
"""Seconds between two looks: few at first, then more."""
SHOWN = 8
"""Events that an error shows at most."""

Told = Callable[[str], None]


class NotReady(Exception):
    """An object exists and did not become ready (or did not go) in time; the text says what it still waits for."""


class Failed(NotReady):
    """An object will not become ready, however long one waits."""


class Waiter:
    """Waits for objects of an API server until their deadline, or until `cancelled`."""

    def __init__(self, api: Api, cancelled: threading.Event, seconds: float, tell: Told) -> None:
        self._api = api
        self._cancelled = cancelled
        self._seconds = seconds
        self._tell = tell
        self._deadline = time.monotonic() + seconds
        self._pause = FIRST_LOOK

    def until_ready(self, path: str, live: Object) -> Object:
        """The object once it is ready. Raises NotReady."""
        while (waiting := unready(self._api, live)) is not None:
            self._next(f"not ready after {self._seconds:.0f} s: {waiting}", waiting)
            found = self._api.find(path)
            if found is None:
                raise Failed("it was deleted while it became ready")
            live = found
        return live

    def until_gone(self, path: str, uid: str | None) -> None:
        """Returns once the object with this uid is no longer there. Raises NotReady."""
        while True:
            live = self._api.find(path)
            if live is None or (uid is not None and live["metadata"]["uid"] != uid):
                return
            waiting = leaving(live)
            self._next(f"still there after {self._seconds:.0f} s: {waiting}", f"deleting: {waiting}")

    def _next(self, late: str, now: str) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise NotReady(late)
        self._tell(now)
        if self._cancelled.wait(min(self._pause, left)):
            raise NotReady(f"interrupted: {now}")
        self._pause = min(self._pause * 1.5, LAST_LOOK)


def unready(api: Api, live: Object) -> str | None:
    """What an object still waits for, in a few words; None when it is ready. Raises Failed when it never will be."""
    judge = READY.get((live["apiVersion"].rpartition("/")[0], live["kind"]))
    return judge(api, live) if judge else None


def leaving(live: Object) -> str:
    """Why a deleted object is still there."""
    conditions = at(live, "status", "conditions") or []
    told = [entry["message"] for entry in conditions if entry.get("status") == "True" and entry.get("message")]
    finalizers = at(live, "metadata", "finalizers") or at(live, "spec", "finalizers") or []
    if told and live["kind"] == "Namespace":
        return "; ".join(told)
    return f"kept by {', '.join(finalizers)}" if finalizers else "its deletion has not ended"


def _conditions(live: Object) -> dict[str, dict[str, Any]]:
    return {entry["type"]: entry for entry in at(live, "status", "conditions") or []}


def _seen(live: Object) -> bool:
    return bool(live.get("status", {}).get("observedGeneration", 0) >= live["metadata"].get("generation", 0))


def _deployment(_: Api, live: Object) -> str | None:
    """As `kubectl rollout status` has it."""
    status, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    if not _seen(live):
        return "the controller has not seen it yet"
    progressing = _conditions(live).get("Progressing", {})
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        raise Failed(f"the rollout has failed: {progressing.get('message')}")
    updated, total = status.get("updatedReplicas", 0), status.get("replicas", 0)
    available = status.get("availableReplicas", 0)
    if updated < wanted or available < wanted or total > updated:
        return f"{min(available, updated)} of {wanted} new pods available, {max(total - updated, 0)} old ones left"
    return None


def _stateful_set(_: Api, live: Object) -> str | None:
    status, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    if not _seen(live):
        return "the controller has not seen it yet"
    if at(live, "spec", "updateStrategy", "type") == "OnDelete":
        return None
    ready, updated = status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    is_current = status.get("updateRevision") == status.get("currentRevision")
    if ready < wanted or (not is_current and updated < wanted):
        return f"{ready} of {wanted} pods ready, {updated} of the new revision"
    return None


def _daemon_set(_: Api, live: Object) -> str | None:
    status = live.get("status", {})
    if not _seen(live):
        return "the controller has not seen it yet"
    wanted, updated = status.get("desiredNumberScheduled", 0), status.get("updatedNumberScheduled", 0)
    available = status.get("numberAvailable", 0)
    done = min(available, updated)
    return None if done >= wanted else f"{done} of {wanted} pods available"


def _job(_: Api, live: Object) -> str | None:
    conditions = _conditions(live)
    failed = conditions.get("Failed", {})
    if failed.get("status") == "True":
        raise Failed(f"the job has failed: {failed.get('message')}")
    done = conditions.get("Complete", {}).get("status") == "True" or at(live, "spec", "suspend")
    return None if done else f"{live.get('status', {}).get('succeeded', 0)} pods of the job have succeeded"


def _pod(_: Api, live: Object) -> str | None:
    phase = live.get("status", {}).get("phase", "Pending")
    if phase == "Failed":
        raise Failed(f"the pod has failed: {live['status'].get('message', '')}")
    is_ready = _conditions(live).get("Ready", {}).get("status") == "True"
    return None if is_ready or phase == "Succeeded" else f"the pod is {phase} and not ready"


def _claim(api: Api, live: Object) -> str | None:
    phase = live.get("status", {}).get("phase", "Pending")
    if phase == "Bound":
        return None
    name = live["spec"].get("storageClassName")
    storage_class = api.find(f"/apis/storage.k8s.io/v1/storageclasses/{name}") if name else None
    # Such a claim is bound when a pod that uses it is placed, which may be long after.
    if storage_class is not None and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer":
        return None
    return f"the claim is {phase}"


def _namespace(_: Api, live: Object) -> str | None:
    phase = live.get("status", {}).get("phase")
    return None if phase == "Active" else f"the namespace is {phase or 'being made'}"


def _definition(_: Api, live: Object) -> str | None:
    conditions = _conditions(live)
    refused = conditions.get("NamesAccepted", {})
    if refused.get("status") == "False":
        return f"its names are not accepted: {refused.get('message')}"
    return None if conditions.get("Established", {}).get("status") == "True" else "the kind is not served yet"


def _service(api: Api, live: Object) -> str | None:
    """Addresses of a load balancer, and a ready pod behind it unless nothing is selected."""
    spec, metadata = live["spec"], live["metadata"]
    if spec.get("type") == "LoadBalancer" and not at(live, "status", "loadBalancer", "ingress"):
        return "it has no address yet"
    if not spec.get("selector") or spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None":
        return None
    path = f"/apis/discovery.k8s.io/v1/namespaces/{metadata['namespace']}/endpointslices"
    slices = api.get(path, labelSelector=f"kubernetes.io/service-name={metadata['name']}")["items"]
    ready = any(at(point, "conditions", "ready") for part in slices for point in part.get("endpoints") or [])
    return None if ready else "it does not target any pods: those that it selects are not ready, or there are none"


READY: dict[tuple[str, str], Callable[[Api, Object], str | None]] = {
    ("", "Namespace"): _namespace,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Pod"): _pod,
    ("", "Service"): _service,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("batch", "Job"): _job,
}
"""By API group and kind: what an object still waits for in a few words, or None. All other kinds are ready at once."""


def causes(api: Api, live: Object) -> list[str]:
    """Conditions, and warnings of the events, of an object and of the pods that it selects: why it is not ready."""
    metadata, selector = live["metadata"], at(live, "spec", "selector")
    lines = _told_by(live, "")
    namespace = metadata.get("namespace")
    if namespace is None:
        return lines
    names = {metadata["name"]}
    labels = at(selector, "matchLabels") if live["kind"] != "Service" else selector
    try:
        if labels:
            query = ",".join(f"{key}={value}" for key, value in labels.items())
            for pod in api.get(f"/api/v1/namespaces/{namespace}/pods", labelSelector=query)["items"]:
                names.add(pod["metadata"]["name"])
                lines += [*_told_by(pod, f"pod {pod['metadata']['name']}: "), *_containers(pod)]
        events = api.get(f"/api/v1/namespaces/{namespace}/events")["items"]
    except ApiError as error:
        return [*lines, f"no more is known: {error}"]
    warned = [event for event in events if event.get("type") == "Warning" and _concerns(event, names)]
    told = [f"event {event.get('reason')}: {event.get('message')}" for event in warned]
    return [*lines, *list(dict.fromkeys(told))[-SHOWN:]]


def _concerns(event: Object, names: set[str]) -> bool:
    involved = at(event, "involvedObject", "name") or ""
    return any(involved == name or involved.startswith(f"{name}-") for name in names)


def _told_by(live: Object, prefix: str) -> list[str]:
    return [
        f"{prefix}{entry['type']} is {entry['status']}: {entry['message']}"
        for entry in at(live, "status", "conditions") or []
        if entry.get("message") and (entry["status"] == "False" or entry["type"] == "ReplicaFailure")
    ]


def _containers(pod: Object) -> list[str]:
    found = []
    for container in at(pod, "status", "containerStatuses") or []:
        state = at(container, "state", "waiting")
        if state:
            text = f": {state['message']}" if state.get("message") else ""
            name = f"pod {pod['metadata']['name']}: container {container['name']}"
            found.append(f"{name} waits, {state.get('reason', 'no reason given')}{text}")
    return found
