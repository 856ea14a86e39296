"""What `render` says of a stack is what the policy SDK would tell the engine."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy
from pulumi_policy.policy import _PolicyAnalyzerServicer
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from cli import stacks
from cli.events import Violation, resource_name
from cli.render import judging
from cli.render.recording import Recording, Registration, record
from cli.render.stack import Plan, recorded, with_images
from policies.rules import RULES
from tests.programs.cases import PROGRAM_CASES

ROOT = Path(__file__).resolve().parents[2]
LEVELS = {analyzer_pb2.MANDATORY: "mandatory", analyzer_pb2.ADVISORY: "advisory"}


def shipped(stack: stacks.Stack, environment: str) -> Recording:
    """The recording of a stack of this repository."""
    model, placeholders = with_images(ROOT, environment)
    return recorded(Plan(ROOT, environment, model, {}, placeholders, Path("unused")), stack)


def said_by_the_sdk(recording: Recording) -> set[Violation]:
    """What the SDK's own servicer answers to the messages that the engine would send."""
    servicer = _PolicyAnalyzerServicer("warmlane", "0.0.1", list(RULES), EnforcementLevel.MANDATORY)
    return set(_answers(servicer, recording))


def _answers(servicer: Any, recording: Recording) -> Iterator[Violation]:
    made = {one.urn: one for one in recording.registrations}
    for one in recording.registrations:
        request = analyzer_pb2.AnalyzeRequest(**_message(one, made, one.inputs))
        yield from _violations(servicer.Analyze(request, None), one.urn)
    edges = [
        analyzer_pb2.AnalyzerResource(
            **_message(one, made, one.outputs),
            parent=one.parent,
            dependencies=one.dependencies,
            propertyDependencies={
                key: analyzer_pb2.AnalyzerPropertyDependencies(urns=urns)
                for key, urns in one.property_dependencies.items()
            },
        )
        for one in recording.registrations
    ]
    request = analyzer_pb2.AnalyzeStackRequest(resources=edges)
    yield from _violations(servicer.AnalyzeStack(request, None), recording.registrations[0].urn)


def _message(one: Registration, made: dict[str, Registration], values: dict[str, Any]) -> dict[str, Any]:
    above = made.get(one.provider.rpartition("::")[0])
    provider = above and analyzer_pb2.AnalyzerProviderResource(
        type=above.type, urn=above.urn, name=above.name, properties=_struct(above.inputs)
    )
    options = analyzer_pb2.AnalyzerResourceOptions(
        protect=one.protect,
        ignoreChanges=one.ignore_changes,
        deleteBeforeReplace=bool(one.delete_before_replace),
        deleteBeforeReplaceDefined=one.delete_before_replace is not None,
        parent=one.parent,
    )
    return {
        "type": one.type,
        "urn": one.urn,
        "name": one.name,
        "properties": _struct(values),
        "options": options,
        "provider": provider,
    }


def _struct(values: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(values, struct_pb2.Struct())


def _violations(answer: Any, urn: str) -> Iterator[Violation]:
    for found in answer.diagnostics:
        yield Violation(
            found.policyName, LEVELS[found.enforcementLevel], resource_name(found.urn or urn), found.message
        )


@pytest.mark.parametrize(
    ("environment", "stack"),
    [
        ("dev", stacks.environment_stack("dev")),
        ("dev", stacks.campaign_stack("spring-sale", "dev")),
        ("prod", stacks.environment_stack("prod")),
        ("prod", stacks.campaign_stack("receipts", "prod")),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_shipped_stacks_pass_both(environment: str, stack: stacks.Stack) -> None:
    recording = shipped(stack, environment)
    judgement = judging.judge(recording, RULES, {})
    assert judgement.violations == []
    assert set(judgement.passed) == {rule.name for rule in RULES}
    assert said_by_the_sdk(recording) == set()


@pytest.mark.parametrize("case", PROGRAM_CASES, ids=lambda case: case.rule)
def test_a_program_that_breaks_a_rule_hears_the_same_from_both(case: Any) -> None:
    recording = record(lambda: runpy.run_path(str(case.directory), run_name="__main__"), "warmlane-test", case.stack)
    judgement = judging.judge(recording, RULES, {})
    assert case.rule in judgement.refused
    assert set(judgement.violations) == said_by_the_sdk(recording)


def resource(**inputs: Any) -> Recording:
    """A stack of one resource."""
    one = Registration(
        urn="urn:pulumi:dev::warmlane::test:it:It::it",
        type="test:it:It",
        name="it",
        custom=True,
        parent="",
        provider="",
        inputs=inputs,
        outputs=inputs,
        protect=False,
        retain_on_delete=False,
        ignore_changes=(),
        delete_before_replace=None,
        secret_outputs=(),
        dependencies=(),
        property_dependencies={},
    )
    return Recording("dev", "warmlane", [one])


def rule(validate: Any) -> ResourceValidationPolicy:
    return ResourceValidationPolicy("it", "It must be so.", validate, EnforcementLevel.MANDATORY)


def test_a_rule_that_touches_an_unknown_value_only_warns_as_with_the_engine() -> None:
    touching = rule(lambda args, report: report(args.props["size"]))
    judgement = judging.judge(resource(size=UNKNOWN_STRING_VALUE), [touching], {})
    (violation,) = judgement.violations
    assert violation.level == "advisory" and "can't be known during preview" in violation.message
    assert judgement.refused == [] and judgement.passed == []


def test_a_rule_sees_secrets_unwrapped_and_proxies_in_place_of_lists() -> None:
    seen: list[Any] = []
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "open"}
    looking = rule(lambda args, _report: seen.extend([args.props["word"], args.props["list"]]))
    judging.judge(resource(word=secret, list=[1.0]), [looking], {})
    assert seen[0] == "open"
    assert not isinstance(seen[1], list), "a rule that compares lists works here and never in production"


@pytest.mark.parametrize(
    ("config", "level"),
    [
        ({}, "mandatory"),
        ({"all": {"enforcementLevel": "advisory"}}, "advisory"),
        ({"all": {"enforcementLevel": "advisory"}, "it": {"enforcementLevel": "mandatory"}}, "mandatory"),
        ({"it": {"enforcementLevel": "remediate"}}, "mandatory"),
    ],
)
def test_the_config_sets_a_rules_level(config: judging.Config, level: str) -> None:
    refusing = rule(lambda _args, report: report("It is not."))
    (violation,) = judging.judge(resource(), [refusing], config).violations
    assert (violation.level, violation.message) == (level, "It must be so.\nIt is not.")


def test_a_disabled_rule_says_nothing_and_properties_reach_the_others() -> None:
    telling = rule(lambda args, report: report(str(dict(args.get_config()))))
    assert judging.judge(resource(), [telling], {"it": {"enforcementLevel": "disabled"}}) == judging.Judgement()
    (violation,) = judging.judge(resource(), [telling], {"it": {"enforcementLevel": "mandatory", "most": 3}}).violations
    assert violation.message.endswith("{'most': 3}")


def test_a_rule_that_does_not_apply_has_not_passed() -> None:
    judgement = judging.judge(resource(), [rule(lambda args, _report: args.not_applicable("no lane here"))], {})
    assert judgement.not_applicable == {"it": "no lane here"}
    assert judgement.passed == [] and judgement.violations == []
