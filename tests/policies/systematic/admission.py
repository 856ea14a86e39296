"""What a real API server says of a mutant: that a level still holds, and pods are let in at it or not."""

from __future__ import annotations

import copy
import time
from typing import Any

from cli.render.manifests import manifest
from cli.render.recording import Recording, Registration
from lab.standins.kubernetes.api import Api, ApiError
from tests.policies.systematic.mutant import find, kind

ACCOUNT_SECONDS = 30
REFUSED = "violates PodSecurity"

Object = dict[str, Any]


def stored(api: Api, policy: Registration) -> Object:
    """The spec of a NetworkPolicy as the API server would store it. Raises ApiError where it refuses it."""
    wanted = manifest(policy, {})
    namespace, name = (wanted["metadata"][key] for key in ("namespace", "name"))
    _stand(api, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    path = f"/apis/{wanted['apiVersion']}/namespaces/{namespace}/networkpolicies/{name}"
    found: Object = _apply(api, path, wanted, dry_run=True)["spec"]
    return found


def objection(api: Api, recording: Recording, mutated: Registration) -> str:
    """What speaks against a mutant of a Namespace or Deployment, empty where nothing does.

    The mutant's pods must be let in by the namespace that the stack declares, and a privileged one must not.
    """
    here = mutated.inputs["metadata"]["name" if kind(mutated) == "Namespace" else "namespace"]
    namespaces = [one for one in recording.registrations if kind(one) == "Namespace"]
    declared = next(one for one in namespaces if one.inputs["metadata"]["name"] == here)
    workloads = [one for one in recording.registrations if kind(one) == "Deployment"]
    workload = next(one for one in workloads if one.inputs["metadata"]["namespace"] == here)
    if kind(mutated) == "Deployment":
        workload = find(recording, mutated.urn)
    _stand(api, manifest(declared, {}))
    pod = _pod(here, manifest(workload, {}))
    if said := _asked(api, pod):
        return said
    pod["spec"]["containers"][0]["securityContext"]["privileged"] = True
    pod["spec"]["containers"][0]["securityContext"].pop("allowPrivilegeEscalation", None)
    return "" if REFUSED in _asked(api, pod) else "a privileged pod is let in"


def _stand(api: Api, namespace: Object) -> None:
    """Makes a namespace as declared, and waits for its account."""
    name = namespace["metadata"]["name"]
    _apply(api, f"/api/v1/namespaces/{name}", namespace, dry_run=False)
    deadline = time.monotonic() + ACCOUNT_SECONDS
    while api.find(f"/api/v1/namespaces/{name}/serviceaccounts/default") is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"no ServiceAccount `default` in {name} after {ACCOUNT_SECONDS} s")
        time.sleep(0.1)


def _pod(namespace: str, workload: Object) -> Object:
    """A pod of a workload, of the namespace's own account."""
    template = copy.deepcopy(workload["spec"]["template"])
    template["spec"].pop("serviceAccountName", None)
    metadata = {**template["metadata"], "name": "tried", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def _asked(api: Api, pod: Object) -> str:
    """Why the API server refuses a pod; empty where it would let it in. Nothing is stored."""
    metadata = pod["metadata"]
    try:
        _apply(api, f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}", pod, dry_run=True)
    except ApiError as error:
        return str(error) or f"HTTP {error.status}"
    return ""


def _apply(api: Api, path: str, wanted: Object, dry_run: bool) -> Object:
    return api.apply(path, wanted, manager="tests", force=True, dry_run=dry_run)
