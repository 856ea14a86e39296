"""The running lab: its status, its router's counter, its names."""

from __future__ import annotations

import socket
import sys

import pytest

from lab import lifecycle, settings
from lab.network import CommandFailed, router_drops
from lab.network.commands import run

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("lab")]

CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 1).close()"


def connects(namespace: str, address: object, port: int) -> bool:
    try:
        run(sys.executable, "-c", CONNECT, str(address), str(port), namespace=namespace, timeout=10)
    except CommandFailed:
        return False
    return True


def test_every_part_runs() -> None:
    status = lifecycle.status()

    assert status.running, status.parts
    assert status.holder == str(settings.REPOSITORY)


def test_the_router_drops_and_counts_port_25_from_the_nodes_own_address() -> None:
    before = router_drops()

    assert not connects(settings.NODE_NETNS, settings.RECEIVERS["alder-mail.test"], 25)
    assert router_drops() > before


@pytest.mark.parametrize("port", [80, 443])
def test_the_router_passes_other_ports(port: int) -> None:
    assert connects(settings.NODE_NETNS, settings.OUTSIDE_HOST, port)


def test_decoys_answer_who_is_not_kept_from_them() -> None:
    for address in settings.DECOY_ADDRESSES:
        for port in settings.DECOY_PORTS:
            assert connects(settings.OUTSIDE_NETNS, address, port), f"no listener at {address}:{port}"


def test_nothing_of_the_node_reaches_the_machine() -> None:
    with socket.create_server((str(settings.MANAGEMENT_MACHINE), 0)) as server:
        port = server.getsockname()[1]
        assert not connects(settings.NODE_NETNS, settings.MANAGEMENT_MACHINE, port)
        with socket.create_connection((str(settings.MANAGEMENT_MACHINE), port), 1):
            pass


def test_a_running_lab_shows_what_would_be_left_without_down() -> None:
    found = lifecycle.leftovers()

    for kind in ("mount", "cgroup", "process", "network namespace", "network interface"):
        assert any(line.startswith(kind) for line in found), f"`leftovers` would not see a {kind}"
