"""The analyzer's answer is understood whole, or the test that asked fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.acceptance.analyzer import flows, parsed

POLICIES = """
apiVersion: v1
kind: Namespace
metadata: {name: one}
---
apiVersion: v1
kind: Namespace
metadata: {name: other}
---
apiVersion: v1
kind: Pod
metadata: {name: pod, namespace: one}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: pod, namespace: other}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: policy, namespace: one}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress: [{ports: [{port: 8000, endPort: 8010}, {port: 53, protocol: UDP}]}]
  egress:
    - {to: [{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.8/29]}}], ports: [{port: 25}]}
"""


def test_ranges_of_addresses_and_of_ports_are_understood(tmp_path: Path) -> None:
    file = tmp_path / "policies.yaml"
    file.write_text(POLICIES)
    found = flows(file, tmp_path)

    def possible(source: str, host: str, port: int, namespace: str = "") -> bool:
        return any(flow.carries(source, host, port, namespace) for flow in found)

    assert possible("one", "192.0.2.7", 25) and possible("one", "192.0.2.16", 25)
    assert not possible("one", "192.0.2.9", 25), "excepted from the range"
    assert not possible("one", "192.0.2.7", 443) and not possible("one", "198.51.100.1", 25)
    assert possible("other", "198.51.100.1", 443), "0.0.0.0/0, as nothing restricts it"
    assert possible("other", "", 8005, "one") and not possible("other", "", 8011, "one")
    assert not possible("other", "", 53, "one"), "UDP only"


RULE = {"src_ns": ["a"], "src_pods": ["*"], "dst_ns": ["b"], "dst_pods": ["*"], "connection": ["All connections"]}


def answer(rule: dict[str, Any]) -> str:
    explanation = [{"rules": [rule]}]
    return json.dumps(
        [{"query": "ConnectivityMapQuery", "configs": [], "numerical_result": 0, "explanation": explanation}]
    )


def test_an_answer_that_is_understood() -> None:
    assert parsed(answer(RULE))[0].carries("a", "", 25, "b")


@pytest.mark.parametrize(
    "odd",
    [
        {"dst_ip_block": ["*"]},
        {"dst_ip_block": ["192.0.2.0-192.0.2.9"]},
        {"connection": ["Some connections"]},
        {"connection": []},
        {"connection": [{"protocols": "TCP", "dst_ports": ["smtp"]}]},
        {"connection": [{"protocols": "TCP", "src_ports": [25]}]},
        {"connection": [{"protocols": "QUIC"}]},
        {"dst_labels": ["x"]},
        {"dst_ns": []},
    ],
    ids=str,
)
def test_what_is_not_understood_is_no_flow_that_is_passed_over(odd: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        parsed(answer({**RULE, **odd}))
