"""Everything that is derived from an id fits Kubernetes' and AWS' limits, and differs between ids."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from warmlane import labels, names

IDS = st.from_regex(names.ID_PATTERN, fullmatch=True).filter(lambda text: len(text) <= names.ID_LENGTH)
DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
SERVICE_NAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
AWS_TAG_VALUE_LENGTH = 256
LABEL_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


@given(IDS)
def test_derived_names_fit(identifier: str) -> None:
    for name in (names.namespace(identifier), names.deployment(identifier), names.app(identifier)):
        assert DNS_LABEL.fullmatch(name), f"{name} is no RFC 1123 label"
    assert SERVICE_NAME.fullmatch(names.service(identifier)), "a Service's name is an RFC 1035 label"
    pod = names.deployment(identifier) + "-0123456789-01234"
    assert len(pod) <= names.DNS_LABEL_LENGTH, "a longer pod name is cut in the host name, and replicas look alike"
    assert DNS_LABEL.fullmatch(names.lane_host(identifier, "example.com").split(".")[0])


@given(IDS, IDS)
def test_labels_and_tags_fit(campaign: str, lane: str) -> None:
    for key, value in labels.campaign(campaign, lane, "sender").items():
        assert LABEL_VALUE.fullmatch(value), f"{key}: {value} is no label value"
    for value in labels.aws_tags(f"{lane}-address", "dev", lane).values():
        assert len(value) <= AWS_TAG_VALUE_LENGTH


@given(IDS, IDS)
def test_two_campaigns_share_no_name(one: str, other: str) -> None:
    derive = (names.namespace, names.deployment, names.service, names.app, names.service_host)
    if one != other:
        assert all(function(one) != function(other) for function in derive)
