"""How amounts and secrets are read."""

from __future__ import annotations

from decimal import Decimal

import pytest

from policies import secret_text
from policies.quantity import amount
from tests.policies.harness import campaign_stack, rule, violations
from tests.policies.object_changes import variable


@pytest.mark.parametrize(
    ("quantity", "number"),
    [
        ("250m", "0.25"),
        ("1", "1"),
        (3, "3"),
        ("64Mi", "67108864"),
        ("1.5Gi", "1610612736"),
        ("1e3", "1000"),
        ("2E", "2000000000000000000"),
        ("1E3", "1000"),
        ("900Pi", str(900 * 1024**5)),
        ("5k", "5000"),
        (".5", "0.5"),
    ],
)
def test_a_quantity_is_its_number(quantity: object, number: str) -> None:
    assert amount(quantity) == Decimal(number)


@pytest.mark.parametrize("quantity", ["many", "", "1KB", "0x10", "1 Gi", None, True, [1]])
def test_what_is_no_quantity_has_no_number(quantity: object) -> None:
    assert amount(quantity) is None


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "SASL_PASSWORD",
        "smtpPasswd",
        "relay.password",
        "API_KEY",
        "dkim-private-key",
        "clientSecret",
        "auth_token",
        "PASSWORD2",
        "SECRET_KEY_BASE",
        "passwordHash",
    ],
)
def test_a_secret_is_known_by_its_name(name: str) -> None:
    assert secret_text.is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "password_file",
        "secretName",
        "tokens",
        "token_ttl",
        "key",
        "key_id",
        "public_key",
        "dkim_selector",
        "monkey",
        "tokenizer",
        "accessKeyId",
        "",
        "2",
    ],
)
def test_what_is_about_a_secret_is_none(name: str) -> None:
    assert not secret_text.is_secret_name(name)


def test_a_message_never_tells_the_secret() -> None:
    stack = campaign_stack()
    variable("RELAY", "smtp://relay:hunter2@relay.example.test")(stack)
    variable("PASSWORD", "hunter2")(stack)
    found = violations(rule("secrets-in-secrets"), list(stack.values()))
    assert len(found) == 2 and not any("hunter2" in message for message in found)
