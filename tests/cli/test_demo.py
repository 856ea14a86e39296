"""Counting the demo's messages."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from cli.demo import count, producers
from cli.demo.count import Row
from cli.output import counts
from lab.receivers import Receipt
from tests.cli.conftest import IMAGE, ROOT
from warmlane.config import load_campaign


def receipt(
    number: int, run: str = "demo-1", domain: str = "spring-sale.warmlane.test", source: str = "192.0.2.1"
) -> Receipt:
    return Receipt(
        1.0, "alder-mail.test", source, "amber.warmlane.test", "", ["a@b"], f"<{run}.{number}@{domain}>", 300
    )


def test_a_message_counts_once_and_only_for_its_run_and_its_campaign() -> None:
    receipts = [
        receipt(1),
        receipt(1),
        receipt(2),
        receipt(1, run="demo-10"),
        receipt(1, domain="newsletter.warmlane.test"),
    ]
    found = count.of_run(receipts, "demo-1")
    assert {domain: len(of) for domain, of in found.items()} == {
        "spring-sale.warmlane.test": 2,
        "newsletter.warmlane.test": 1,
    }


def row(received: int = 100, counted: int = 100, sources: tuple[str, ...] = ("192.0.2.1",)) -> Row:
    return Row("spring-sale", "amber", "192.0.2.1", sources, 100, received, counted, 10, 10)


def test_a_run_in_which_all_is_well_has_no_complaint() -> None:
    assert row().complaints(100) == []


def test_lost_uncounted_and_misdirected_messages_are_told() -> None:
    assert "99 of 100" in row(received=99, counted=99).complaints(100)[0]
    assert "Prometheus counted 98" in row(counted=98).complaints(100)[0]
    assert "192.0.2.9" in row(sources=("192.0.2.1", "192.0.2.9")).complaints(100)[0]


def test_recipients_are_shared_between_the_providers() -> None:
    addresses = count.recipients(5, ["alder-mail.test", "beech-mail.test"], "demo-1")
    assert len(set(addresses)) == 5
    assert [address.endswith("@alder-mail.test") for address in addresses] == [True, False, True, False, True]


def test_deliveries_are_counted_pod_by_pod() -> None:
    old, new, other = ((("campaign", id_), ("pod", pod)) for id_, pod in (("a", "a-1"), ("a", "a-2"), ("b", "b-1")))
    assert count.risen({old: 80.0, other: 7.0}, {new: 100.0, other: 9.0}) == {"a": 100, "b": 2}, "a-1 is gone"
    assert count.risen({}, {old: 80.0, new: 20.0}) == {"a": 100}


def test_producers_look_as_the_campaigns_config_says() -> None:
    campaigns = [load_campaign(ROOT, name, "dev") for name in ("spring-sale", "newsletter")]
    namespace, *pods = producers.manifests(campaigns, IMAGE)
    assert (namespace["kind"], namespace["metadata"]["name"]) == ("Namespace", "producers")
    assert [pod["metadata"]["labels"] for pod in pods] == [
        {"app": "spring-sale-producer"},
        {"app": "newsletter-producer"},
    ]


def test_the_submitting_script_needs_only_what_its_pod_has() -> None:
    script = Path(producers.__file__).with_name("submit.py").read_text()
    lines = [line for line in script.splitlines() if line.startswith(("import ", "from "))]
    modules = {line.split()[1].partition(".")[0] for line in lines}
    assert modules <= {"json", "smtplib", "ssl", "sys", "time", "email", "typing"}


def test_resources_are_shown_by_operation() -> None:
    assert counts({"create": 2, "same": 3, "create-replacement": 1, "replace": 1}) == "+2 +-1 =3"
    assert counts({}) == "nothing"


def test_the_fixture_of_the_origins_manifests_is_yaml() -> None:
    path = ROOT / "tests/acceptance/origin_manifests.yaml"
    documents = list(yaml.safe_load_all(path.read_text()))
    assert [document.get("kind", "") for document in documents] == ["Deployment", "Service", ""], json.dumps(documents)
