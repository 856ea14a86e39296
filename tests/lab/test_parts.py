"""Pure parts of the node: certificates, volumes, load balancer addresses, secrets, networks."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509

from lab import settings
from lab.node import caretaker, checkup, kubelet, pki, secrets, storage


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(pki, "DIRECTORY", tmp_path)
    monkeypatch.setattr(settings, "KUBECONFIG", tmp_path / "kubeconfig")
    pki.ensure()
    return tmp_path


def test_the_api_servers_certificate_holds_every_address_it_is_reached_by(keys: Path) -> None:
    certificate = x509.load_pem_x509_certificate((keys / "api-server.crt").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    addresses = set(names.get_values_for_type(x509.IPAddress))
    assert {settings.MANAGEMENT_NODE, settings.NODE_ADDRESS, settings.KUBERNETES_SERVICE} <= addresses


def test_private_files_are_the_owners_alone(keys: Path) -> None:
    private = [*keys.glob("*.key"), *keys.glob("*kubeconfig")]

    assert private
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}


def test_the_kubeconfig_is_enough_by_itself(keys: Path) -> None:
    document = yaml.safe_load((keys / "kubeconfig").read_text())

    assert document["current-context"] == settings.KUBE_CONTEXT
    assert document["clusters"][0]["cluster"]["server"] == settings.API_SERVER
    assert set(document["users"][0]["user"]) == {"client-certificate-data", "client-key-data"}


def test_keys_are_made_once(keys: Path) -> None:
    before = (keys / "authority.crt").read_bytes()
    pki.ensure()

    assert (keys / "authority.crt").read_bytes() == before


def service(name: str, ip: str | None = None, kind: str | None = caretaker.LOAD_BALANCER_CLASS) -> dict[str, Any]:
    ingress = {"loadBalancer": {"ingress": [{"ip": ip}]} if ip else {}}
    spec = {"loadBalancerClass": kind} if kind else {}
    return {"metadata": {"name": name, "namespace": "n"}, "spec": spec, "status": ingress}


def test_load_balancers_get_the_lowest_free_addresses() -> None:
    services = [service("a", "198.51.100.241"), service("b"), service("c"), service("d", kind=None)]

    assert caretaker.assignments(services) == {
        "/api/v1/namespaces/n/services/b": IPv4Address("198.51.100.240"),
        "/api/v1/namespaces/n/services/c": IPv4Address("198.51.100.242"),
    }


def test_more_load_balancers_than_addresses_is_said() -> None:
    with pytest.raises(RuntimeError, match="no load balancer address is left"):
        caretaker.assignments([service(f"s{number}") for number in range(16)])


def test_only_released_volumes_of_the_lab_are_emptied() -> None:
    volumes = [
        {"metadata": {"name": name}, "status": {"phase": phase}}
        for name, phase in [("lab-volume-0", "Bound"), ("lab-volume-1", "Released"), ("other", "Released")]
    ]

    assert storage.released(volumes) == [1]


def test_a_volume_is_emptied_without_following_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "DIRECTORY", tmp_path / "volumes")
    storage.prepare()
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    (storage.path(0) / "link").symlink_to(tmp_path / "kept")
    (storage.path(0) / "directory" / "below").mkdir(parents=True)
    storage.empty(0)

    assert not list(storage.path(0).iterdir())
    assert (tmp_path / "kept" / "file").exists()


def test_secrets_that_are_there_stay() -> None:
    first = secrets.completed({}, ["newsletter"])
    second = secrets.completed(first, ["newsletter", "spring-sale"])

    assert second["submission"]["newsletter"] == first["submission"]["newsletter"]
    assert second["grafana_admin"] == first["grafana_admin"]
    assert set(second["submission"]) == {"newsletter", "spring-sale"}


def test_campaigns_are_those_with_a_stack_of_the_lab(tmp_path: Path) -> None:
    for name in ("Pulumi.yaml", "Pulumi.newsletter.dev.yaml", "Pulumi.newsletter.prod.yaml", "__main__.py"):
        (tmp_path / name).touch()

    assert secrets.campaigns(tmp_path) == ["newsletter"]


def test_a_machine_in_the_management_network_is_refused() -> None:
    def one(name: str, address: str, length: int) -> dict[str, Any]:
        return {"ifname": name, "addr_info": [{"local": address, "prefixlen": length}]}

    assert not checkup.conflicts([one("eth0", "10.0.0.5", 8), one("wl-mgmt", str(settings.MANAGEMENT_MACHINE), 30)])
    assert "eth0 has 198.18.0.9/15" in checkup.conflicts([one("eth0", "198.18.0.9", 15)])[0]


def test_the_kubelet_keeps_images_that_no_registry_has() -> None:
    assert kubelet.config()["imageGCHighThresholdPercent"] == 100
