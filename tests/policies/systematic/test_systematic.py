"""Systematic mutants of the real stacks are refused; the soak judges all of them, and these are 50."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.render import judging
from cli.render.recording import Recording
from lab import toolchain
from policies import committed
from policies.rules import RULES
from tests.policies.configurations.judged import committed_in
from tests.policies.systematic import flows, harmless, sample, values
from tests.policies.systematic.harmless import API_SERVER, AWS, NCA, REFUSAL
from tests.policies.systematic.mutant import STACKS, Mutant, base
from tests.policies.systematic.operators import made
from tests.policies.systematic.run import killers
from tests.policies.world import NOW
from tests.standins.kubernetes import api_server

SAMPLE = sample.read()


@pytest.fixture(scope="module")
def by_id() -> dict[str, Mutant]:
    return {mutant.id: mutant for mutant in made()}


def test_the_sample_is_spread(by_id: dict[str, Mutant]) -> None:
    assert len(SAMPLE) == sample.SIZE == len({id_ for _, id_ in SAMPLE})
    assert {by_id[id_].operator for _, id_ in SAMPLE} == {mutant.operator for mutant in by_id.values()}
    assert {by_id[id_].stack for _, id_ in SAMPLE} == set(STACKS)


@pytest.mark.parametrize(("rule", "id_"), SAMPLE, ids=[id_ for _, id_ in SAMPLE])
def test_a_mutant_is_refused(rule: str, id_: str, by_id: dict[str, Mutant]) -> None:
    assert rule in killers(by_id[id_])


@pytest.mark.parametrize("stack", STACKS)
def test_an_unchanged_stack_is_not_refused(stack: str) -> None:
    with committed_in(committed.REPOSITORY, NOW):
        assert judging.judge(base(stack), RULES, {}).violations == []


def test_there_are_enough_of_them_and_each_has_a_name_of_its_own(by_id: dict[str, Mutant]) -> None:
    assert len(by_id) == sum(1 for _ in made()) >= 500


def test_every_entry_of_the_harmless_has_a_mutant(by_id: dict[str, Mutant]) -> None:
    listed = {entry for mutant in by_id.values() if (entry := harmless.entry(mutant))}
    assert listed == set(harmless.HARMLESS)


def first(by_id: dict[str, Mutant], by: str) -> Mutant:
    """A campaign's mutant, or else an environment's, that is listed with one who confirms it."""
    listed = [mutant for mutant in by_id.values() if (one := harmless.entry(mutant)) and one.by == by]
    return max(listed, key=lambda mutant: "." in mutant.stack)


def named(by_id: dict[str, Mutant], *parts: str) -> Mutant:
    return next(mutant for id_, mutant in by_id.items() if all(part in id_ for part in parts))


def test_nca_confirms_what_allows_no_more_and_nothing_else(by_id: dict[str, Mutant], tmp_path: Path) -> None:
    assert flows.more(*of(first(by_id, NCA)), tmp_path) == ""
    wider = named(by_id, "receipts.prod add allow", "smtp-egress", "with egress for all")
    assert "flows more" in flows.more(*of(wider), tmp_path)


def of(mutant: Mutant) -> tuple[str, Recording]:
    return mutant.stack, mutant.recording()


def test_an_api_server_confirms_what_its_level_lets_in(by_id: dict[str, Mutant], tmp_path: Path) -> None:
    with api_server.running(toolchain.ensure(print), tmp_path) as cluster:
        for mutant, said in (
            (named(by_id, "receipts.prod drop field Deployment", "containers[0]", "capabilities.drop"), ""),
            (named(by_id, "receipts.prod drop field Namespace", "enforce-version"), ""),
            (named(by_id, "receipts.prod add host access", "hostPID"), "violates PodSecurity"),
            (named(by_id, "receipts.prod widen level", "to privileged"), "a privileged pod is let in"),
        ):
            found = harmless.objection(mutant, API_SERVER, cluster.api, tmp_path)
            assert said in found and bool(said) == bool(found), mutant.id
        bare = named(by_id, "receipts.prod drop field NetworkPolicy", "dns-egress spec.podSelector")
        assert harmless.objection(bare, API_SERVER, cluster.api, tmp_path) == ""
        closed = named(by_id, "receipts.prod drop field NetworkPolicy", "dns-egress spec.policyTypes")
        assert "was meant" in harmless.objection(closed, API_SERVER, cluster.api, tmp_path)
        assert harmless.objection(first(by_id, REFUSAL), REFUSAL, cluster.api, tmp_path) == ""
        assert "takes it" in harmless.objection(bare_context(by_id), REFUSAL, cluster.api, tmp_path)


def bare_context(by_id: dict[str, Mutant]) -> Mutant:
    return named(by_id, "receipts.prod drop field Deployment", "securityContext.runAsNonRoot")


def test_aws_defaults_confirm_what_is_the_same(by_id: dict[str, Mutant], tmp_path: Path) -> None:
    class NoApi:
        """Nobody asks it."""

    assert harmless.objection(first(by_id, AWS), AWS, NoApi(), tmp_path) == ""  # type: ignore[arg-type]
    public = named(by_id, "add property", "cobalt-subnet", "enableDns64")
    assert harmless.objection(public, AWS, NoApi(), tmp_path) != ""  # type: ignore[arg-type]


def test_values_are_changed_inside_texts_that_hold_json() -> None:
    value = {"data": {"config.json": '{"a": [1, {"b": 2}]}'}}
    path = ("data", "config.json", values.JSON, "a", 1, "b")
    assert (path, 2) in list(values.walk(value))
    assert values.at(values.put(value, path, 3), path) == 3
    assert values.removed(value, path)["data"]["config.json"] == '{"a": [1, {}]}'
    assert values.dotted(path) == "data.config.json.(JSON).a[1].b"
