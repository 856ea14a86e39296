"""The quota is (replicas + surge) pods, and every container fits the limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmlane.sizing import GATE, LOGS_MIB, POSTFIX, SENDER_SIZES, limit_range, pod_total, quota, spool_mib

SIZES = st.sampled_from(sorted(SENDER_SIZES))


def number(quantity: str) -> int:
    return int(quantity.removesuffix("Mi").removesuffix("m"))


@given(SIZES, st.integers(1, 10), st.integers(1, 3))
def test_quota_holds_exactly_the_pods_of_a_rolling_update(size: str, replicas: int, surge: int) -> None:
    hard, total, pods = quota(size, replicas, surge), pod_total(size), replicas + surge
    assert number(hard["pods"]) == pods
    assert number(hard["requests.cpu"]) == pods * total.cpu_request_millis
    assert number(hard["limits.cpu"]) == pods * total.cpu_limit_millis
    assert number(hard["requests.memory"]) == number(hard["limits.memory"]) == pods * total.memory_mib
    storage = pods * total.ephemeral_storage_mib
    assert number(hard["requests.ephemeral-storage"]) == number(hard["limits.ephemeral-storage"]) == storage
    for forbidden in ("persistentvolumeclaims", "services.loadbalancers", "services.nodeports"):
        assert hard[forbidden] == "0", f"a sender has no {forbidden}"


@pytest.mark.parametrize("size", sorted(SENDER_SIZES))
def test_containers_fit(size: str) -> None:
    postfix, gate = SENDER_SIZES[size][POSTFIX], SENDER_SIZES[size][GATE]
    assert pod_total(size).memory_mib == postfix.memory_mib + gate.memory_mib
    assert spool_mib(size) + LOGS_MIB < postfix.ephemeral_storage_mib, "volumes must not fill the container's limit"
    (limits,) = limit_range(size)["limits"]
    for name in ("cpu", "memory", "ephemeral-storage"):
        assert number(limits["defaultRequest"][name]) <= number(limits["default"][name]) <= number(limits["max"][name])
        for container in (postfix, gate):
            assert number(container.resources()["limits"][name]) <= number(limits["max"][name])
