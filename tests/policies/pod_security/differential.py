"""Random pods, judged by the pack and by an API server: the two must agree on each, at both levels."""

from __future__ import annotations

import time
from collections import Counter
from random import Random
from typing import Any

from components.namespaces import pod_security
from lab.standins.kubernetes.api import Api, ApiError
from policies.pod_security import Level, evaluate
from policies.pod_security.control import CONTAINER_FIELDS
from tests.policies.pod_security.pods import IMAGE, SOUND, STEPS, Object, ephemeral_container, random_pod

LEVELS: tuple[Level, ...] = ("baseline", "restricted")
REFUSED = "violates PodSecurity"
RUNNING = "running"
"""Name of a pod that stands, so that ephemeral containers can be added to it."""
EPHEMERAL_SHARE = 0.1
ACCOUNT_SECONDS = 30


def compare(api: Api, seed: int, count: int) -> dict[str, Any]:
    """Judges `count` pods. `disagreements` holds each pod on which the two differ, or that the API can't take at all.

    `coverage` counts pods by what makes them differ from a sound one, `admitted` and `refused` verdicts of the API
    server by level, `controls` the pods that each control refused.
    """
    rng = Random(seed)
    for level in LEVELS:
        _prepare(api, level)
    coverage, controls = Counter[str](), Counter[str]()
    verdicts = {verdict: Counter[str]() for verdict in ("admitted", "refused")}
    disagreements: list[Object] = []
    for _ in range(count):
        subresource = rng.random() < EPHEMERAL_SHARE
        pod, steps = _debugged(rng) if subresource else random_pod(rng)
        coverage.update(steps or ["sound or bare"])
        for level in LEVELS:
            found = sorted({finding.control for finding in evaluate(level, pod["metadata"], pod["spec"])})
            message = _asked(api, level, pod, subresource)
            controls.update(found)
            verdicts["refused" if message else "admitted"][level] += 1
            if bool(found) != bool(message) or (message and REFUSED not in message):
                disagreements.append({"level": level, "pod": pod, "pack": found, "api_server": message})
    return {
        "met": not disagreements,
        "pods": count,
        **{verdict: dict(counts) for verdict, counts in verdicts.items()},
        "coverage": dict(sorted(coverage.items())),
        "not_covered": sorted(set(STEPS) - set(coverage)),
        "controls": dict(sorted(controls.items())),
        "disagreements": disagreements,
    }


def _namespace(level: Level) -> str:
    return f"pods-{level}"


def _prepare(api: Api, level: Level) -> None:
    """A namespace that enforces the level, with a pod that stands in it."""
    name = _namespace(level)
    metadata = {"name": name, "labels": pod_security(level)}
    _apply(api, f"/api/v1/namespaces/{name}", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    deadline = time.monotonic() + ACCOUNT_SECONDS
    while api.find(f"/api/v1/namespaces/{name}/serviceaccounts/default") is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"no ServiceAccount `default` in {name} after {ACCOUNT_SECONDS} s")
        time.sleep(0.1)
    _apply(api, f"/api/v1/namespaces/{name}/pods/{RUNNING}", _manifest(name, RUNNING, _standing()))


def _standing() -> Object:
    containers = [{"name": "main", "image": IMAGE, "securityContext": SOUND}]
    return {"metadata": {}, "spec": {"containers": containers}}


def _debugged(rng: Random) -> tuple[Object, list[str]]:
    """The pod that stands, with an ephemeral container."""
    added, steps = ephemeral_container(rng)
    pod = _standing()
    pod["spec"]["ephemeralContainers"] = [added]
    return pod, steps


def _asked(api: Api, level: Level, pod: Object, subresource: bool) -> str:
    """Why the API server refuses a pod, in its own words; empty where it would let it in. Nothing is stored."""
    namespace = _namespace(level)
    path = f"/api/v1/namespaces/{namespace}/pods"
    try:
        if subresource:
            own = {"metadata": {}, "spec": {"ephemeralContainers": pod["spec"][CONTAINER_FIELDS[2]]}}
            _apply(api, f"{path}/{RUNNING}/ephemeralcontainers", _manifest(namespace, RUNNING, own), dry_run=True)
        else:
            _apply(api, f"{path}/tried", _manifest(namespace, "tried", pod), dry_run=True)
    except ApiError as error:
        return str(error) or f"HTTP {error.status}"
    return ""


def _manifest(namespace: str, name: str, pod: Object) -> Object:
    metadata = {**pod["metadata"], "name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod["spec"]}


def _apply(api: Api, path: str, wanted: Object, dry_run: bool = False) -> None:
    api.apply(path, wanted, manager="tests", force=True, dry_run=dry_run)
