"""One of several guardians acts; another one follows when the first is gone, and never before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from services.guardian.kubernetes import Absent, Api
from services.guardian.lease import LEASES, NAME, SECONDS, SURE, Leader
from warmlane import names

pytestmark = pytest.mark.lab


@pytest.fixture
def api(cluster: Api) -> Iterator[Api]:
    if cluster.find(f"/api/v1/namespaces/{names.PLATFORM_NAMESPACE}") is None:
        metadata = {"name": names.PLATFORM_NAMESPACE}
        cluster.write("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, None)
    yield cluster
    with suppress(Absent):
        cluster.request("DELETE", f"{LEASES}/{NAME}")


def test_the_first_one_leads_and_the_second_waits(api: Api) -> None:
    first, second = Leader(api, "a"), Leader(api, "b")
    assert first.renew(0.0) and not second.renew(0.0)
    for second_of in range(5, 60, 5):
        assert first.renew(float(second_of)) and not second.renew(float(second_of))


def test_the_holder_stops_before_another_one_begins(api: Api) -> None:
    first, second = Leader(api, "a"), Leader(api, "b")
    first.renew(0.0)
    second.renew(0.0)
    assert first.leads(SURE - 0.1) and not first.leads(SURE)
    assert not second.renew(float(SECONDS))
    assert second.renew(SECONDS + 0.1) and not first.renew(SECONDS + 0.2)


def test_one_that_comes_late_waits_a_whole_length_by_its_own_clock(api: Api) -> None:
    Leader(api, "a").renew(0.0)
    late = Leader(api, "b")
    assert not late.renew(1_000_000.0) and not late.renew(1_000_000.0 + SECONDS)
    assert late.renew(1_000_000.1 + SECONDS)


def test_what_is_given_back_is_free_at_once(api: Api) -> None:
    first, second = Leader(api, "a"), Leader(api, "b")
    first.renew(0.0)
    second.renew(0.0)
    first.release()
    assert not first.leads(0.1) and second.renew(0.1)
    first.release()
    assert second.renew(0.2), "only the holder gives it back"


def test_of_two_that_take_it_at_once_one_is_refused(api: Api) -> None:
    class Overlapping(Leader):
        """Reads the Lease, and another one takes it before this one writes."""

        def _manifest(self, lease: dict[str, object] | None) -> dict[str, object]:
            Leader(api, "faster").renew(0.0)
            return super()._manifest(lease)

    assert not Overlapping(api, "slower").renew(0.0)


def test_a_silent_api_server_makes_nobody_leader(api: Api) -> None:
    assert not Leader(Api("http://127.0.0.1:9", lambda: ""), "a").renew(0.0)
