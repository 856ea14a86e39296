"""Zone files of the lab's outside."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path

import pytest

from lab import settings
from lab.network import zones
from warmlane.providers import provider

AMBER = IPv4Address("198.51.100.16")


def serial(directory: Path, zone: str) -> int:
    text = (directory / f"{zone}.zone").read_text()
    return int(text.split(" SOA ")[1].split()[2])


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(zones, "ZONES", tmp_path)
    return tmp_path


def test_every_mailbox_domain_has_an_mx_and_nothing_else_has() -> None:
    exchangers = dict[str, str]()
    for lines in zones.zones({}, {}).values():
        for line in lines:
            name, _, kind, *rest = line.split()
            if kind == "MX":
                assert name not in exchangers, f"{name} has two MX records"
                exchangers[name.rstrip(".")] = rest[-1].rstrip(".")

    expected = {domain: played.mx for played in settings.PROVIDERS.values() for domain in played.domains}
    assert exchangers == expected
    assert set(settings.RECEIVERS) < set(expected)
    assert len([domain for domain, mx in expected.items() if mx == "mx.lab.google.com"]) == 200


def test_an_mx_has_an_address_of_the_outside_and_its_pointer() -> None:
    content = zones.zones({}, {})

    for played in settings.PROVIDERS.values():
        assert any(f"{played.mx}. IN A {played.address}" in lines for lines in content.values())
        pointer = f"{played.address.reverse_pointer}. IN PTR {played.mx}."
        assert pointer in content["113.0.203.in-addr.arpa"]
        assert played.address in settings.OUTSIDE_NETWORK


def test_the_sender_takes_every_provider_for_what_it_plays() -> None:
    taken_for = {
        name: {provider(domain, played.mx) for domain in played.domains} for name, played in settings.PROVIDERS.items()
    }

    assert taken_for == {
        "alder": {"other"},
        "beech": {"other"},
        "gmail": {"gmail"},
        "microsoft": {"microsoft"},
        "yahoo": {"yahoo"},
    }


def test_of_a_real_provider_the_outside_knows_its_labs_part_alone() -> None:
    outside = [zone for zone in zones.provider_zones() if not zone.endswith(".test")]

    assert outside == ["lab.google.com", "lab.outlook.com", "lab.yahoodns.net"]


def test_a_lane_has_a_name_and_its_address_a_pointer() -> None:
    content = zones.zones({"amber.warmlane.test": AMBER}, {AMBER: "amber.warmlane.test."})

    assert "amber.warmlane.test. IN A 198.51.100.16" in content[settings.DOMAIN]
    assert content["100.51.198.in-addr.arpa"] == ["16.100.51.198.in-addr.arpa. IN PTR amber.warmlane.test."]


def test_a_name_of_another_domain_is_refused() -> None:
    with pytest.raises(ValueError, match=r"amber\.elsewhere\.test"):
        zones.zones({"amber.elsewhere.test": AMBER}, {})


def test_each_change_raises_the_serial_even_within_a_second(directory: Path) -> None:
    zones.sync_records({}, {})
    first = serial(directory, settings.DOMAIN)
    zones.sync_records({"amber.warmlane.test": AMBER}, {})
    second = serial(directory, settings.DOMAIN)
    zones.sync_records({}, {})

    assert first < second < serial(directory, settings.DOMAIN)


def test_nothing_changed_leaves_the_files_alone(directory: Path) -> None:
    zones.sync_records({"amber.warmlane.test": AMBER}, {})
    before = {path: path.stat().st_mtime_ns for path in directory.iterdir()}
    zones.sync_records({"amber.warmlane.test": AMBER}, {})

    assert {path: path.stat().st_mtime_ns for path in directory.iterdir()} == before


def test_every_zone_is_served() -> None:
    corefile = zones.corefile()

    assert all(f"{zone}:53 {{" in corefile for zone in zones.zones({}, {}))
