"""Scenario files: reading, errors, and their change at run time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab import settings
from lab.receivers import NotPlayed, play, scenario
from lab.receivers.scenario import Behaviour, Providers, Scenario
from tests.lab.receivers.conftest import Start, eventually
from warmlane.errors import ConfigError
from warmlane.providers import SESSIONS


def test_every_provider_of_the_outside_has_its_place_in_a_scenario() -> None:
    assert set(Providers.model_fields) == set(settings.PROVIDERS)


def test_by_default_every_provider_takes_everything(tmp_path: Path) -> None:
    played = scenario.current(tmp_path / "none.yaml")

    assert played == Scenario()
    assert all(played.providers.of(name) == Behaviour() for name in settings.PROVIDERS)


def test_the_scenarios_that_come_with_the_lab_can_be_read() -> None:
    found = {name: scenario.load(scenario.find(name)) for name in scenario.names()}

    assert scenario.DEFAULT in found
    assert all(played != Scenario() for name, played in found.items() if name != scenario.DEFAULT)


def test_the_scenario_of_caps_refuses_no_session_of_a_sender_that_keeps_to_its_share() -> None:
    played = scenario.load(scenario.find("caps")).providers

    for name in ("gmail", "microsoft", "yahoo"):
        limit = played.of(name).sessions
        assert limit is not None and limit.most == SESSIONS[name]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("providers: {gmial: {}}", "providers.gmial: .* did you mean gmail.* alder, beech, gmail, microsoft, yahoo"),
        ("providers: {gmail: {caps: {hour: 0}}}", "providers.gmail.caps.hour: value 0 .* whole number of at least 1"),
        ("providers: {gmail: {caps: {hour: many}}}", 'caps.hour: value "many" .* whole number'),
        ("providers: {gmail: {caps: {reply: 250 2.0.0 Fine}}}", 'caps.reply: value "250 2.0.0 Fine" .* class'),
        ("providers: {gmail: {caps: {reply: 421 5.7.0 No}}}", 'caps.reply: value "421 5.7.0 No" .* same class'),
        (
            "providers: {gmail: {sessions: {most: 1, reply: 451 4.7.1 No}}}",
            'sessions.reply: value "451 4.7.1 No" .* 421',
        ),
        ("providers: {yahoo: {tarpit: -1}}", "providers.yahoo.tarpit: value -1 .* at least 0"),
        (
            "providers: {yahoo: {starttls: {certificate: bad}}}",
            "certificate: .* valid, expired, self_signed",
        ),
        ("providers: {yahoo: {outages: [{begins: 1, seconds: 2}]}}", "outages.0.kind: is missing; .* refuse: no list"),
        ("providers: {yahoo: {unknown_users: {local_parts: []}}}", "local_parts: value .* at least one entry"),
        ("day_length: 25", "day_length: value 25 .* divides 24 h"),
        ("day_length: .inf", "day_length: value inf .* finite"),
        ("providers: {gmail: {}", "not valid YAML"),
        ("- gmail", "the document: value .* mapping"),
    ],
)
def test_an_error_names_file_key_value_and_what_is_allowed(text: str, error: str) -> None:
    with pytest.raises(ConfigError, match=error) as problem:
        scenario.parse(text, "evening.yaml")

    assert str(problem.value).startswith("evening.yaml: 1 problem\n")


def test_a_scenario_is_changed_while_sessions_go_on(start: Start) -> None:
    receivers = start("")
    with receivers.connect() as client:
        assert not receivers.send("gone-1@d000.gmail.test")
        chosen = "providers: {gmail: {unknown_users: {local_parts: ['gone-*']}, caps: {day: 1}}}"
        receivers.play(chosen)
        assert client.noop()[0] == 250

    assert receivers.send("gone-1@d000.gmail.test").startswith("550 5.1.1")
    assert not receivers.send()
    assert receivers.send().startswith("421")

    receivers.play(chosen)
    assert not receivers.send(), "a scenario that is played again counts anew"
    play(scenario.DEFAULT, path=receivers.scenario, taken=receivers.taken)
    assert not receivers.send("gone-1@d000.gmail.test")


def test_a_file_that_can_not_be_used_changes_nothing_and_is_told(start: Start) -> None:
    receivers = start("")
    receivers.play("providers: {gmail: {caps: {day: 1}}}")
    before, bad = receivers.scenario.read_text(), "providers: {gmail: {caps: {day: 0}}}"
    with pytest.raises(ConfigError, match="caps.day"):
        receivers.play(bad)
    assert receivers.scenario.read_text() == before

    receivers.scenario.write_text(bad)
    eventually(lambda: "caps.day" in json.loads(receivers.taken.read_text())["problem"])
    assert not receivers.send()
    assert receivers.send().startswith("421"), "the scenario before it goes on"


def test_without_receivers_playing_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotPlayed, match="within 0.1 s"):
        play(scenario.DEFAULT, path=tmp_path / "s.yaml", taken=tmp_path / "t.json", seconds=0.1)
    with pytest.raises(NotPlayed, match="no lab runs"):
        play(scenario.DEFAULT, path=tmp_path / "nowhere" / "s.yaml", taken=tmp_path / "t.json")
    with pytest.raises(ConfigError, match="one of .*default"):
        play("no-such-scenario", path=tmp_path / "s.yaml", taken=tmp_path / "t.json")
