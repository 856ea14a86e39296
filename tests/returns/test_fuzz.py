"""Coverage finds no input that stops the parsers; `make soak PART=fuzz` looks for ten minutes."""

from __future__ import annotations

from bench.soak.fuzz import TARGETS, fuzzed


def test_a_short_fuzzing_finds_nothing() -> None:
    found = fuzzed(1, {"-runs": 3_000})
    assert found["failures"] == {}
    assert found["runs"].keys() == TARGETS.keys() and min(found["runs"].values()) >= 3_000
