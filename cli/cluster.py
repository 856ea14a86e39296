"""Asks and tells the cluster of an environment by the `kubectl` on PATH."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from cli.outcome import Stop, WorldFailed

SECONDS = 15
"""How long the API server may take for one answer."""


class Absent(WorldFailed):
    """What was asked for, or the namespace of what was written, is not there."""


class ChangedMeanwhile(WorldFailed):
    """Somebody else changed an object between reading and writing it."""


@dataclass(frozen=True)
class Cluster:
    """A context of the person's kubeconfig, or of the lab's."""

    context: str
    variables: Mapping[str, str]

    def kubectl(self, *arguments: str, text: str | None = None, seconds: float = SECONDS) -> str:
        """Standard output of kubectl. Raises WorldFailed, of it Absent and ChangedMeanwhile."""
        command = ["kubectl", "--context", self.context, *arguments]
        try:
            result = subprocess.run(
                command, env=self.variables, input=text, capture_output=True, text=True, timeout=seconds
            )
        except FileNotFoundError:
            raise WorldFailed("There is no `kubectl` on PATH.", "In the lab, `make up` builds it.") from None
        except subprocess.TimeoutExpired:
            raise WorldFailed(
                f"The cluster of context {self.context} did not answer within {seconds:.0f} s.", ADVICE
            ) from None
        if result.returncode != 0:
            raise _failure(f"kubectl {' '.join(arguments[:4])} failed: {result.stderr.strip()}")
        return result.stdout

    def get(self, path: str) -> Any:
        """What the API server has at a path. Raises WorldFailed."""
        return json.loads(self.kubectl("get", "--raw", path))

    def find(self, path: str) -> Any | None:
        """What the API server has at a path, or None. Raises WorldFailed."""
        try:
            return self.get(path)
        except Absent:
            return None

    def write(self, manifest: Mapping[str, Any], manager: str, version: str | None) -> None:
        """Makes an object (`version` None) or applies one that has that resourceVersion still, server-side.

        Raises WorldFailed, of it ChangedMeanwhile and Absent (its namespace).
        """
        if version is None:
            self.kubectl("create", f"--field-manager={manager}", "-f", "-", text=json.dumps(manifest))
            return
        metadata = {**manifest["metadata"], "resourceVersion": version}
        arguments = ("apply", "--server-side", "--force-conflicts", f"--field-manager={manager}", "-f", "-")
        self.kubectl(*arguments, text=json.dumps({**manifest, "metadata": metadata}))

    def apply(self, manifests: Sequence[Mapping[str, Any]], manager: str) -> None:
        """Applies manifests server-side. Raises WorldFailed."""
        document = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        arguments = ("apply", "--server-side", "--force-conflicts", f"--field-manager={manager}", "-f", "-")
        self.kubectl(*arguments, text=json.dumps(document), seconds=4 * SECONDS)

    def python(
        self, namespace: str, pod: str, script: str, given: object, container: str | None = None, seconds: float = 300
    ) -> Any:
        """Runs a Python script inside a pod; `given` is its standard input and the answer its output, both JSON.

        Standard input, because arguments can be read by every process of the node, and there are passwords among them.
        """
        chosen = ["-c", container] if container else []
        arguments = ["exec", "-i", "-n", namespace, pod, *chosen, "--", "python3", "-c", script]
        return json.loads(self.kubectl(*arguments, text=json.dumps(given), seconds=seconds))

    def query(self, namespace: str, expression: str) -> dict[tuple[tuple[str, str], ...], float]:
        """An instant query to the environment's Prometheus, by the API server's proxy: value by sorted labels."""
        path = f"/api/v1/namespaces/{namespace}/services/prometheus:9090/proxy/api/v1/query?query={quote(expression)}"
        series = self.get(path)["data"]["result"]
        return {tuple(sorted(item["metric"].items())): float(item["value"][1]) for item in series}


def _failure(what: str) -> Stop:
    """What kubectl said, by the API server's reason in it (`Error from server (NotFound): ...`)."""
    if "(NotFound)" in what:
        return Absent(what, ADVICE)
    # An apply with an old resourceVersion is told by its message alone.
    if "(AlreadyExists)" in what or "(Conflict)" in what or "the object has been modified" in what:
        return ChangedMeanwhile(what, "Look at what stands now, then run the command again.")
    return WorldFailed(what, ADVICE)


ADVICE = (
    "In the lab, `warmlane lab up` starts what has ended; elsewhere check that `kubectl get nodes` works in this shell."
)
