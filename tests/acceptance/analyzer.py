"""What `nca`, an analyzer of NetworkPolicies that is not ours, finds possible."""

from __future__ import annotations

import subprocess
import sys
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator

NCA = Path(sys.executable).parent / "nca"
EVERYTHING = "All connections"
PROTOCOLS = {"TCP", "UDP", "SCTP"}


class Strict(BaseModel):
    """What is not understood is an error: a flow that is passed over would be a flow that nobody judges."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _known_protocols(text: str) -> str:
    unknown = set(text.split(", ")) - PROTOCOLS
    if unknown:
        raise ValueError(f"unknown protocols: {', '.join(sorted(unknown))}")
    return text


class Ports(Strict):
    """Protocols, in one text such as `TCP, UDP`, and the ports of the destination: single ones, or `8000-8010`."""

    protocols: Annotated[str, AfterValidator(_known_protocols)]
    dst_ports: list[int | Annotated[str, StringConstraints(pattern=r"^\d+-\d+$")]] | None = None

    def has(self, port: int) -> bool:
        """Whether TCP reaches a port."""
        if "TCP" not in self.protocols.split(", "):
            return False
        edges = [str(one).partition("-") for one in self.dst_ports or ["0-65535"]]
        return any(int(low) <= port <= int(high or low) for low, _, high in edges)


class Flow(Strict):
    """A flow that is possible; each end is pods of namespaces, or addresses."""

    src_ns: list[str] = Field(default_factory=list)
    src_pods: list[str] = Field(default_factory=list)
    src_ip_block: list[IPv4Network] = Field(default_factory=list)
    dst_ns: list[str] = Field(default_factory=list)
    dst_pods: list[str] = Field(default_factory=list)
    dst_ip_block: list[IPv4Network] = Field(default_factory=list)
    connection: list[Literal["All connections"] | Ports] = Field(min_length=1)

    @model_validator(mode="after")
    def _both_ends(self) -> Flow:
        if not (self.src_ns or self.src_ip_block) or not (self.dst_ns or self.dst_ip_block):
            raise ValueError("the flow has one end only")
        return self

    def carries(self, source: str, host: str, port: int, namespace: str) -> bool:
        """Whether a pod of namespace `source` reaches a port by TCP: of a pod of `namespace`, or of an address."""
        inside = namespace in self.dst_ns
        outside = not namespace and any(IPv4Address(host) in block for block in self.dst_ip_block)
        return (
            source in self.src_ns
            and (inside or outside)
            and any(one == EVERYTHING or (isinstance(one, Ports) and one.has(port)) for one in self.connection)
        )


class _Explanation(Strict):
    rules: list[Flow]


class _Answer(Strict):
    query: Literal["ConnectivityMapQuery"]
    configs: list[str]
    numerical_result: Literal[0]
    explanation: Annotated[list[_Explanation], Field(min_length=1, max_length=1)]


_ANSWERS = TypeAdapter(Annotated[list[_Answer], Field(min_length=1, max_length=1)])


def parsed(text: str) -> list[Flow]:
    """The flows of `nca`'s JSON. Raises pydantic.ValidationError on anything that is not understood."""
    return _ANSWERS.validate_json(text)[0].explanation[0].rules


def flows(manifests: Path, scratch: Path) -> list[Flow]:
    """What is possible with the namespaces, pods, Services and policies of a YAML file."""
    answer = scratch / "flows.json"
    command = [NCA, "--connectivity", "-r", manifests, "--output_format", "json", "--file_out", answer]
    subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return parsed(answer.read_text())
