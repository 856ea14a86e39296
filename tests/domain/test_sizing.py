"""The quota is the sender's pods, claims and Services, and every container fits the limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import committed
from warmlane import sizing
from warmlane.campaign import Campaign, Spool
from warmlane.environment import Environment
from warmlane.sizing import GATE, LOGS_MIB, POSTFIX, SENDER_SIZES, limit_range, pod_total, quota, spool_mib

SIZES = sorted(SENDER_SIZES)


def written(size: str, spool: Spool, replicas: int = 2, storage: str | None = None) -> tuple[Campaign, Environment]:
    """A committed campaign of that size."""
    found = committed.campaign("spring-sale", "dev")
    assert found is not None
    sender = found.sender.model_copy(update={"size": size, "replicas": replicas, "spool_storage": storage})
    return found.model_copy(update={"spool": spool, "sender": sender}), committed.environment("dev")


def number(quantity: str) -> int:
    return int(quantity.removesuffix("Mi").removesuffix("m"))


@given(st.sampled_from(SIZES), st.integers(1, 10), st.sampled_from(Spool))
def test_quota_holds_exactly_the_pods_of_an_update(size: str, replicas: int, spool: Spool) -> None:
    hard, total = quota(*written(size, spool, replicas)), pod_total(size, spool)
    pods = replicas + (1 if spool is Spool.HANDOVER else 0)
    assert number(hard["pods"]) == pods, "a Deployment's update adds a pod, a StatefulSet's takes one away first"
    assert number(hard["requests.cpu"]) == pods * total.cpu_request_millis
    assert number(hard["limits.cpu"]) == pods * total.cpu_limit_millis
    assert number(hard["requests.memory"]) == number(hard["limits.memory"]) == pods * total.memory_mib
    storage = pods * total.ephemeral_storage_mib
    assert number(hard["requests.ephemeral-storage"]) == number(hard["limits.ephemeral-storage"]) == storage
    for forbidden in ("services.loadbalancers", "services.nodeports", "count/daemonsets.apps"):
        assert hard[forbidden] == "0", f"a sender has no {forbidden}"


def test_quota_holds_exactly_the_claims_of_a_spool() -> None:
    persistent = quota(*written("small", Spool.PERSISTENT, 3, "2Gi"))
    assert (persistent["persistentvolumeclaims"], persistent["requests.storage"]) == ("3", "6144Mi")
    assert (persistent["count/deployments.apps"], persistent["count/statefulsets.apps"]) == ("0", "1")
    handover = quota(*written("small", Spool.HANDOVER, 3))
    assert (handover["persistentvolumeclaims"], handover["requests.storage"]) == ("1", "10240Mi")
    assert (handover["count/deployments.apps"], handover["count/statefulsets.apps"]) == ("1", "0")


@pytest.mark.parametrize("spool", Spool)
@pytest.mark.parametrize("size", SIZES)
def test_containers_fit(size: str, spool: Spool) -> None:
    sizes = sizing.containers(size, spool)
    postfix, gate = sizes[POSTFIX], sizes[GATE]
    assert pod_total(size, spool).memory_mib == postfix.memory_mib + gate.memory_mib
    on_disk = spool_mib(*written(size, spool)) if spool is Spool.HANDOVER else 0
    assert on_disk + LOGS_MIB < postfix.ephemeral_storage_mib, "volumes must not fill the container's limit"
    (limits,) = limit_range(size, spool)["limits"]
    for name in ("cpu", "memory", "ephemeral-storage"):
        assert number(limits["defaultRequest"][name]) <= number(limits["default"][name]) <= number(limits["max"][name])
        for container in (postfix, gate):
            assert number(container.resources()["limits"][name]) <= number(limits["max"][name])


def test_a_spool_on_a_volume_leaves_room_for_the_file_system() -> None:
    assert spool_mib(*written("large", Spool.PERSISTENT, storage="1Ti")) == int(1024 * 1024 * 0.85)
    assert spool_mib(*written("large", Spool.PERSISTENT)) == int(1024 * 0.85), "1Gi, as the environment says"
