"""A run's record and its exit code, from the engine's events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from cli.events import Diagnostic, Record, changed, printed_only, verdict
from cli.outcome import Code, worst
from tests.cli.happenings import failed, passed, prelude, said, step, summary, urn, violation


def record(events: Iterable[Mapping[str, Any]]) -> Record:
    found = Record()
    for event in events:
        found.take(event)
    return found


def test_an_update_counts_its_own_steps_and_knows_how_many_the_preview_planned() -> None:
    found = record([prelude(), step("a"), step("b"), summary(True, create=2), prelude(), step("a")])
    assert (found.previewed, found.planned, found.done) == (True, 2, 1)
    found.take(step("b"))
    found.take(summary(False, create=2, same=3))
    assert found.changes == found.made == {"create": 2, "same": 3}
    assert changed(found.made) == 2, "what stays the same is no change"


def test_a_policy_that_was_broken_anywhere_has_not_passed() -> None:
    found = record([passed("quota", "deny"), violation("deny", "<{%fg 1%}>No policy.<{%reset%}>"), passed("deny")])
    assert (found.policies_passed, found.policies_broken) == (["quota"], ["deny"])
    assert found.violations[0].message == "No policy.", "colors are for terminals"
    assert found.violations[0].resource == "Eip amber-address"


def test_preview_and_update_of_one_run_report_a_violation_once() -> None:
    assert len(record([violation("deny", "No policy.")] * 2).violations) == 1


def test_an_advisory_violation_stops_nothing() -> None:
    found = record([passed("deny"), violation("deny", "It can't run during preview.", level="advisory")])
    assert found.policies_broken == []
    assert verdict(found, 0) is Code.FINE


def test_the_progress_of_a_run_that_only_writes_notes_is_not_an_error() -> None:
    found = record([said("installing", severity="info"), said("slow", severity="warning"), {"unheardOf": {}}])
    assert [diagnostic.message for diagnostic in found.warnings] == ["slow"]
    assert found.errors == []


REFUSING = [
    "Pulumi.dev.yaml: 2 problems\n  lanes.amber.started: value 3 is not allowed: it must be a date",
    "Pulumi.dev.yaml leases lane amber to spring-sale, but the deployed stack leases it no lane. Run `pulumi up`",
    "Lane amber is leased to newsletter, but spring-sale still sends from it (Deployment a/b). Give the lane back",
    "The pack's config makes no-wide-allow advisory, and in prod every rule is mandatory. Remove these levels",
    "validating policy config: warmlane 0.1.0  new-lanes-a-week: most: Invalid type. Expected: integer, given: string",
]


@pytest.mark.parametrize(
    ("events", "status", "code"),
    [
        ([summary(True)], 0, Code.FINE),
        ([violation("deny", "No policy.")], 255, Code.REFUSED),
        *(([said(text)], 255, Code.REFUSED) for text in REFUSING),
        ([violation("deny", "No policy."), failed("a")], 255, Code.FAILED),
        ([said(REFUSING[0], urn_=urn("a"))], 255, Code.FAILED),
        ([said("Program failed with an unhandled exception:\nTraceback")], 255, Code.FAILED),
        ([said(REFUSING[0]), said("connection refused")], 255, Code.FAILED),
        ([], 255, Code.FAILED),
    ],
)
def test_the_exit_code_tells_a_refusal_from_a_failure(events: list[dict[str, Any]], status: int, code: Code) -> None:
    assert verdict(record(events), status) is code


def test_a_failure_of_one_stack_outweighs_the_refusal_of_another() -> None:
    assert worst([Code.FINE, Code.FAILED, Code.REFUSED]) is Code.FAILED
    assert worst([]) is Code.FINE


def test_why_the_pack_refused_its_config_is_read_from_what_the_engine_printed() -> None:
    """The engine sends no event of it (tests/policies/engine/test_config_refused.py)."""
    refusal = "policies/config/prod.json: 1 problem\n  no-wide-allow.enforcementLevel: remove the level"
    said = f'Previewing update (prod):\nerror: configuring policy pack "warmlane" at "../policies": {refusal}\n\n'
    assert printed_only(said) == [Diagnostic("error", "", refusal)]
    assert printed_only("error: connection refused\n") == []
