"""The pack as a process, spoken to as the engine speaks to it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from policies.rules import RULES
from tests.policies.harness import campaign_stack, environment_stack
from warmlane import unbuilt

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def started(stack: str) -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """The running pack, started from another directory, as `pulumi` in `campaigns/` does; no stack for an analysis."""
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(ROOT / "policies")]
    named = {"PULUMI_STACK": stack} if stack else {}
    with subprocess.Popen(
        command, cwd=ROOT / "campaigns", stdout=subprocess.PIPE, text=True, env={**os.environ, **named}
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port.isdigit(), f"the pack prints its port first, and printed {port!r}"
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
        process.terminate()


@pytest.fixture(scope="module")
def analyzer() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """The pack for a campaign of `dev`."""
    with started("spring-sale.dev") as stub:
        yield stub


@pytest.fixture(scope="module")
def strictest() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """The pack for the environment `prod`."""
    with started("prod") as stub:
        yield stub


@pytest.fixture(scope="module")
def nameless() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """The pack where nobody says which stack it judges."""
    with started("") as stub:
        yield stub


def sound() -> dict[str, Any]:
    """The sender's Deployment with the image that the pack finds committed, or that stands for it."""
    props = campaign_stack()["deployment"].props
    images = unbuilt.environment(ROOT, "dev").images
    assert images is not None
    for container in props["spec"]["template"]["spec"]["containers"]:
        container["image"] = images.sender
    return props


def request(props: dict[str, Any]) -> analyzer_pb2.AnalyzeRequest:
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


def test_what_a_rule_is_told_does_not_lower_it(analyzer: analyzer_pb2_grpc.AnalyzerStub) -> None:
    told = analyzer.GetAnalyzerInfo(empty_pb2.Empty(), timeout=20).initialConfig
    of_snapshots = {key: given.properties["snapshot"] for key, given in told.items() if key != "spool-stated"}
    assert of_snapshots == dict.fromkeys(
        (
            "hold-respected",
            "incident-remedied",
            "lease-cool-down",
            "new-lanes-a-week",
            "new-lease-known",
            "stage-in-ledger",
        ),
        ".lab/snapshot.json",
    )
    assert told["spool-stated"].properties["may_be_left_out"] is True, "dev is a lab"
    assert {given.enforcementLevel for given in told.values()} == {analyzer_pb2.MANDATORY}


def test_the_stack_that_the_engine_names_chooses_the_config() -> None:
    """In a preview the engine names it by a call, before it asks for the config; the process' variables do not."""
    with started("") as stub:
        assert not stub.GetAnalyzerInfo(empty_pb2.Empty(), timeout=20).initialConfig
        stub.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(stack="spring-sale.dev"), timeout=20)
        told = stub.GetAnalyzerInfo(empty_pb2.Empty(), timeout=20).initialConfig
        assert told["hold-respected"].properties["snapshot"] == ".lab/snapshot.json"
        stub.Configure(configured(analyzer_pb2.ADVISORY, "no-wide-allow"), timeout=20)


def test_a_sound_sender_passes(analyzer: analyzer_pb2_grpc.AnalyzerStub) -> None:
    answer = analyzer.Analyze(request(sound()), timeout=20)
    assert list(answer.diagnostics) == []


def test_a_violation_is_mandatory(analyzer: analyzer_pb2_grpc.AnalyzerStub) -> None:
    props = sound()
    props["spec"]["template"]["spec"]["hostNetwork"] = True
    (diagnostic,) = analyzer.Analyze(request(props), timeout=20).diagnostics
    assert diagnostic.policyName == "no-host-access"
    assert diagnostic.enforcementLevel == analyzer_pb2.MANDATORY
    assert "spec.hostNetwork is true" in diagnostic.message


def configured(level: int, *rules: str) -> analyzer_pb2.ConfigureAnalyzerRequest:
    """What the engine tells the pack: every rule with the level that all configs together give it."""
    request = analyzer_pb2.ConfigureAnalyzerRequest()
    for judging in RULES:
        request.policyConfig[judging.name].enforcementLevel = analyzer_pb2.MANDATORY
    for name in rules:
        request.policyConfig[name].enforcementLevel = level
    return request


@pytest.mark.parametrize("level", [analyzer_pb2.ADVISORY, analyzer_pb2.DISABLED])
@pytest.mark.parametrize("of", ["strictest", "nameless"])
def test_a_config_that_lowers_a_rule_is_refused(of: str, level: int, request: pytest.FixtureRequest) -> None:
    stub = request.getfixturevalue(of)
    stub.Configure(configured(analyzer_pb2.MANDATORY), timeout=20)
    with pytest.raises(grpc.RpcError) as caught:
        stub.Configure(configured(level, "no-wide-allow"), timeout=20)
    word = analyzer_pb2.EnforcementLevel.Name(level).lower()
    assert f"makes no-wide-allow {word}, and in prod" in caught.value.details()


def test_an_environment_with_a_config_of_its_own_may_lower_a_rule(analyzer: analyzer_pb2_grpc.AnalyzerStub) -> None:
    analyzer.Configure(configured(analyzer_pb2.ADVISORY, "no-host-access"), timeout=20)
    props = sound()
    props["spec"]["template"]["spec"]["hostNetwork"] = True
    (diagnostic,) = analyzer.Analyze(request(props), timeout=20).diagnostics
    analyzer.Configure(configured(analyzer_pb2.MANDATORY), timeout=20)
    assert diagnostic.enforcementLevel == analyzer_pb2.ADVISORY


def test_what_the_program_does_not_register_is_about_to_go_and_is_not_judged() -> None:
    """A refresh adds it to what the engine shows; the edges to it go with it."""
    address = environment_stack()["amber-address"]
    sent = analyzer_pb2.AnalyzeStackRequest(
        resources=[analyzer_pb2.AnalyzerResource(type=address.type, urn=address.urn, name=address.name)]
    )
    with started("dev") as stub:
        assert not stub.AnalyzeStack(sent, timeout=20).diagnostics
        stub.Analyze(analyzer_pb2.AnalyzeRequest(type=address.type, urn=address.urn, name=address.name), timeout=20)
        refused = [one.message for one in stub.AnalyzeStack(sent, timeout=20).diagnostics]
        assert any("Eip amber-address is not protected" in message for message in refused), refused
        stub.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(stack="dev"), timeout=20)
        assert not stub.AnalyzeStack(sent, timeout=20).diagnostics, "a run begins with the stack's name"


def test_a_config_that_names_no_rule_is_refused(analyzer: analyzer_pb2_grpc.AnalyzerStub) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        analyzer.Configure(configured(analyzer_pb2.MANDATORY, "no-wide-alow"), timeout=20)
    assert "names no-wide-alow, and there is no such rule. Rules: address-protected, " in caught.value.details()
