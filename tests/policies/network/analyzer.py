"""What the analyzer `nca` finds possible in a cluster: one call for all flows of a set of policies.

It knows no address of a pod and no node, so an `ipBlock` never matches either: it answers under the reading of Cilium.
"""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import yaml

from tests.policies.network.policies import OTHER_VALUES, POD_LABELS
from tests.policies.network.worlds import End, Flow, World

NCA = Path(sys.executable).parent / "nca"
LINE = re.compile(r"(?P<source>\S+) => (?P<destination>\S+) : (?P<connections>.+)")
CUBE = re.compile(r"\{protocols:(?P<protocols>[A-Z]+(?:, [A-Z]+)*)(?:,dst_ports:(?P<ports>[\d,-]+))?\}")
SECONDS = 240


@dataclass(frozen=True)
class Possible:
    """Connections that are possible from one end to another; None stands for all protocols, or all ports."""

    source: str
    destination: str
    protocols: tuple[str, ...] | None
    ports: tuple[tuple[int, int], ...] | None

    def carries(self, flow: Flow) -> bool:
        return (
            _is_at(flow.source, self.source)
            and _is_at(flow.destination, self.destination)
            and (self.protocols is None or flow.protocol in self.protocols)
            and (self.ports is None or any(first <= flow.port <= last for first, last in self.ports))
        )


def possible(world: World, directory: Path) -> list[Possible]:
    """Everything that `nca` finds possible. Raises ValueError for an answer that is not understood."""
    file = directory / "world.yaml"
    policies = [_for_nca(policy) for policy in world.policies]
    file.write_text(yaml.safe_dump_all([*world.manifests(), *policies], sort_keys=False))
    command = [str(NCA), "--connectivity", "-r", str(file), "-o", "txt_no_fw_rules", "--print_ipv6"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    if result.returncode:
        raise ValueError(f"nca ended with {result.returncode}:\n{result.stdout}\n{result.stderr}\n{file.read_text()}")
    return [entry for line in result.stdout.splitlines() if " => " in line for entry in _read(line)]


def _read(line: str) -> list[Possible]:
    match = LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"the analyzer's line is not understood: {line}")
    source, destination = match["source"], match["destination"]
    if match["connections"] == "All connections":
        return [Possible(source, destination, None, None)]
    cubes = list(CUBE.finditer(match["connections"]))
    if ",".join(cube[0] for cube in cubes) != match["connections"]:
        raise ValueError(f"the analyzer's connections are not understood: {line}")
    return [
        Possible(source, destination, tuple(cube["protocols"].split(", ")), _ports(cube["ports"])) for cube in cubes
    ]


def _ports(text: str | None) -> tuple[tuple[int, int], ...] | None:
    if text is None:
        return None
    pairs = [part.partition("-") for part in text.split(",")]
    return tuple((int(first), int(last or first)) for first, _, last in pairs)


def _is_at(end: End, text: str) -> bool:
    if end.pod is not None:
        return text == f"{end.pod.namespace}/{end.pod.name}[Pod]"
    if "/" in text:
        return False
    first, _, last = text.partition("-")
    low, high = ip_address(first), ip_address(last or first)
    return low.version == end.address.version and int(low) <= int(end.address) <= int(high)


def _for_nca(policy: dict[str, Any]) -> dict[str, Any]:
    """A policy with what `nca` 2.1.0 reads otherwise than the API server written in another way.

    - Without `policyTypes` an empty `egress` isolates nothing (the API server's default asks for a rule); `nca` takes
      the field's presence for enough.
    - `Exists` and `DoesNotExist` of a peer's `podSelector` hold in the namespaces that its `namespaceSelector` selects;
      `nca` looks for such pods in the policy's own. `In` and `NotIn` all values of the label say the same.
    """
    spec: dict[str, Any] = copy.deepcopy(policy["spec"])
    if not spec.get("policyTypes") and not spec.get("egress"):
        spec.pop("egress", None)
    for rules_key, peers_key in (("ingress", "from"), ("egress", "to")):
        for rule in spec.get(rules_key) or []:
            for peer in rule.get(peers_key) or []:
                if "namespaceSelector" in peer:
                    for expression in peer.get("podSelector", {}).get("matchExpressions", []):
                        _list_values(expression)
    return {**policy, "spec": spec}


def _list_values(expression: dict[str, Any]) -> None:
    listing = {"Exists": "In", "DoesNotExist": "NotIn"}.get(expression["operator"])
    if listing:
        expression |= {"operator": listing, "values": list(POD_LABELS.get(expression["key"], OTHER_VALUES))}
