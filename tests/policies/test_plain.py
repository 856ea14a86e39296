"""Rules see plain values; what the SDK's proxies would raise for is `UNKNOWN` at its very place."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pulumi_policy.proxy import UnknownValueError, unknown_checking_proxy

from policies.plain import SIGNS, UNKNOWN, plain

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(sorted(SIGNS)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def asked(container: Any, key: Any) -> Any:
    """The plain value at a key, asked of the proxy by the front door."""
    try:
        value = container[key]
    except UnknownValueError:
        return UNKNOWN
    if hasattr(value, "keys"):
        return {name: asked(value, name) for name in value}
    if hasattr(value, "__len__") and not isinstance(value, str):
        return [asked(value, index) for index in range(len(value))]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_plain_values_are_those_that_the_proxies_give(properties: dict[str, Any]) -> None:
    proxy = unknown_checking_proxy(properties)
    expected = {key: asked(proxy, key) for key in proxy}
    assert plain(proxy) == expected
    assert plain(properties) == expected, "a test that forgets the proxies sees the same"


def test_every_sign_of_the_sdk_is_known() -> None:
    assert len(SIGNS) == 7
    assert plain(unknown_checking_proxy({sign: sign for sign in SIGNS})) == dict.fromkeys(SIGNS, UNKNOWN)


def test_numbers_are_what_yaml_says() -> None:
    found = plain(unknown_checking_proxy({"replicas": 2.0, "ratio": 0.5, "on": True}))
    assert found == {"replicas": 2, "ratio": 0.5, "on": True}
    assert (type(found["replicas"]), type(found["on"])) == (int, bool)
