"""Asks and tells the cluster of an environment by the `kubectl` on PATH."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from cli.outcome import WorldFailed

SECONDS = 15
"""How long the API server may take for one answer."""


@dataclass(frozen=True)
class Cluster:
    """A context of the person's kubeconfig, or of the lab's."""

    context: str
    variables: Mapping[str, str]

    def kubectl(self, *arguments: str, text: str | None = None, seconds: float = SECONDS) -> str:
        """Standard output of kubectl. Raises WorldFailed."""
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
            raise WorldFailed(f"kubectl {' '.join(arguments[:4])} failed: {result.stderr.strip()}", ADVICE)
        return result.stdout

    def get(self, path: str) -> Any:
        """What the API server has at a path. Raises WorldFailed."""
        return json.loads(self.kubectl("get", "--raw", path))

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


ADVICE = (
    "In the lab, `warmlane lab up` starts what has ended; elsewhere check that `kubectl get nodes` works in this shell."
)
