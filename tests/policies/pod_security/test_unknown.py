"""An unknown value that Pod Security hangs on is always told: by the evaluator, and by the rules' inputs."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

from policies.inputs import When, unknown_inputs
from policies.plain import UNKNOWN
from policies.pod_security import evaluate
from policies.pod_security.inputs import HOST, REST
from policies.resource import Resource
from tests.policies.pod_security.pods import STEPS, make_valid, sound

PODS = 60


def test_every_decisive_unknown_is_an_input() -> None:
    rng, told = Random(3), 0
    for _ in range(PODS):
        pod = sound(rng)
        for name in rng.sample(sorted(STEPS), 4):
            STEPS[name](rng, pod)
        make_valid(pod)
        for hidden in with_one_unknown(pod):
            findings = [one for one in evaluate("restricted", hidden["metadata"], hidden["spec"]) if one.unknown]
            resource = Resource("urn:pulumi:dev::warmlane::t::pod", "kubernetes:core/v1:Pod", "pod", hidden, False)
            inputs = unknown_inputs(HOST + REST, resource, When.PLAN)
            assert not findings or inputs, f"{findings[0].place.path} is decisive, and no input"
            told += bool(findings)
    assert told > PODS, "the test must have seen decisive unknown values"


def test_an_unknown_exemption_is_the_thing_to_know() -> None:
    pod = sound(Random(1))
    pod["spec"]["containers"][0]["securityContext"].update(runAsUser=0)
    pod["spec"]["hostUsers"] = UNKNOWN
    (finding,) = evaluate("restricted", pod["metadata"], pod["spec"])
    assert (finding.place.path, finding.unknown) == ("spec.hostUsers", True)


def with_one_unknown(pod: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The pod, each time with another of its values unknown."""
    for path in paths(pod):
        hidden = copy.deepcopy(pod)
        place: Any = hidden
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = UNKNOWN
        yield hidden


def paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield (*above, key)
        yield from paths(entry, (*above, key))
