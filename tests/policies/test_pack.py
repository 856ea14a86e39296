"""The pack as a process, spoken to as the engine speaks to it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from policies.rules import RULES
from tests.policies.harness import campaign_stack

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def analyzer() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """The running pack, started from another directory, as `pulumi` in `campaigns/` does."""
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(ROOT / "policies")]
    with subprocess.Popen(
        command, cwd=ROOT / "campaigns", stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port.isdigit(), f"the pack prints its port first, and printed {port!r}"
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
        process.terminate()


def request(props: dict[str, object]) -> analyzer_pb2.AnalyzeRequest:
    deployment = campaign_stack()["deployment"]
    properties = struct_pb2.Struct()
    json_format.ParseDict(props, properties)
    return analyzer_pb2.AnalyzeRequest(
        type=deployment.type, properties=properties, urn=deployment.urn, name=deployment.name
    )


def test_the_pack_tells_its_rules(analyzer: analyzer_pb2_grpc.AnalyzerStub) -> None:
    info = analyzer.GetAnalyzerInfo(empty_pb2.Empty(), timeout=20)
    assert {policy.name for policy in info.policies} == {judging.name for judging in RULES}
    assert {policy.enforcementLevel for policy in info.policies} == {analyzer_pb2.MANDATORY}


def test_a_sound_sender_passes(analyzer: analyzer_pb2_grpc.AnalyzerStub) -> None:
    answer = analyzer.Analyze(request(campaign_stack()["deployment"].props), timeout=20)
    assert list(answer.diagnostics) == []


def test_a_violation_is_mandatory(analyzer: analyzer_pb2_grpc.AnalyzerStub) -> None:
    props = campaign_stack()["deployment"].props
    props["spec"]["template"]["spec"]["hostNetwork"] = True
    (diagnostic,) = analyzer.Analyze(request(props), timeout=20).diagnostics
    assert diagnostic.policyName == "no-host-access"
    assert diagnostic.enforcementLevel == analyzer_pb2.MANDATORY
    assert "sets hostNetwork" in diagnostic.message
