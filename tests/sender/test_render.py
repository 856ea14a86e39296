"""Postfix' configuration and the mounted files it comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.sender.gate.admission import DEADLINE
from services.sender.postfix import drain, render
from services.sender.postfix.capacity import MIB, memory_limit, process_limit
from services.sender.settings import Credentials, Settings, SettingsError, parse_credentials, parse_settings

SETTINGS = Settings("spring-sale", "amber", "amber.warmlane.test", "spring-sale.warmlane.test")
CREDENTIALS = Credentials("spring-sale", "canary-93f1")


def parameters(text: str) -> dict[str, str]:
    """main.cf as Postfix reads it: continued lines joined, the last of two wins."""
    found: dict[str, str] = {}
    key = ""
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            found[key] += " " + line.strip()
        else:
            key, _, value = line.partition("=")
            key = key.strip()
            found[key] = value.strip()
    return found


def main_cf(*, draining: bool = False) -> dict[str, str]:
    return parameters(
        render.files(SETTINGS, CREDENTIALS, processes=19, draining=draining)[f"{render.CONFIG_DIRECTORY}/main.cf"]
    )


def test_only_authenticated_clients_may_relay() -> None:
    main = main_cf()
    assert main["smtpd_relay_restrictions"] == "permit_sasl_authenticated, reject"
    assert main["mynetworks"] == "127.0.0.0/8", "a wider range makes an open relay behind source NAT"
    assert not any("permit_mynetworks" in value for value in main.values()), "not even the loopback is trusted"
    assert main["smtpd_tls_auth_only"] == "yes"
    assert main["smtpd_recipient_restrictions"].endswith("permit_sasl_authenticated, reject")


def test_sender_domain_is_locked_to_the_campaign() -> None:
    files = render.files(SETTINGS, CREDENTIALS, processes=19)
    restrictions = main_cf()["smtpd_sender_restrictions"]
    assert "reject_sender_login_mismatch" in restrictions
    assert restrictions.index("check_sender_access") < restrictions.index("reject_sender_login_mismatch"), (
        "the null sender has no owner and would pass the second"
    )
    login = files[f"{render.CONFIG_DIRECTORY}/sender_login"]
    assert login == "@spring-sale.warmlane.test spring-sale,spring-sale@amber.warmlane.test\n"


def test_nothing_is_delivered_locally() -> None:
    main = main_cf()
    assert main["mydestination"] == "" and main["relay_domains"] == ""
    assert all(main[key].startswith("error:") for key in ("local_transport", "virtual_transport", "relay_transport"))


def test_identity_is_the_lanes() -> None:
    main = main_cf()
    assert main["myhostname"] == main["smtp_helo_name"] == "amber.warmlane.test"
    assert main["inet_protocols"] == "ipv4", "a lane is one IPv4 address"


def test_no_file_holds_the_password() -> None:
    assert not any(CREDENTIALS.password in text for text in render.files(SETTINGS, CREDENTIALS, processes=19).values())
    assert CREDENTIALS.password not in repr(CREDENTIALS)


def test_draining_closes_the_port_and_keeps_delivery() -> None:
    assert main_cf(draining=True)["master_service_disable"] == "inet"
    assert "master_service_disable" not in main_cf()


def test_no_service_is_chrooted() -> None:
    services = render.files(SETTINGS, CREDENTIALS, processes=19)[f"{render.CONFIG_DIRECTORY}/master.cf"].splitlines()
    rows = [row.split() for row in services if row and not row.startswith("#")]
    assert {row[4] for row in rows} == {"n"}, "a chroot would need CAP_SYS_CHROOT and copies of resolv.conf"
    assert {"smtp", "qmgr", "cleanup"} <= {row[0] for row in rows}
    assert "pickup" not in {row[0] for row in rows}, "what it takes in would not be held"
    assert {"local", "virtual", "pipe"}.isdisjoint({row[7] for row in rows})


def document(**changes: object) -> str:
    plain = {"campaign": "a", "lane": "b", "hostname": "b.warmlane.test", "sending_domain": "a.warmlane.test"}
    return json.dumps({**plain, **changes})


def test_unknown_keys_of_the_config_are_for_others() -> None:
    assert parse_settings(document(daily_volume=5)).sending_domain == "a.warmlane.test"


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        document(hostname=""),
        document(hostname="a.test\nmynetworks = 0.0.0.0/0"),
        document(sending_domain="a.test$x"),
        document(sending_domain=5),
        document(lane=None),
    ],
)
def test_config_that_postfix_can_not_use_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        parse_settings(text)


@pytest.mark.parametrize(("username", "password"), [("", "x"), ("a b", "x"), ("a@b", "x"), ("a", ""), ("a", "x\ny")])
def test_credentials_that_can_not_be_used_are_refused(username: str, password: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_credentials(username, password)
    assert "x" not in str(refused.value).replace("expected", "")


def test_final_newline_is_no_part_of_a_secret() -> None:
    assert parse_credentials("a\n", "x\n") == Credentials("a", "x")


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_drain_waits_for_mail_on_its_way_and_not_for_deferred_mail() -> None:
    clock = Clock()
    looks = iter([{"active": 1}, {"active": 0, "deferred": 9}, {"active": 1}, {"deferred": 9}, {"deferred": 9}])
    assert drain.wait(lambda: next(looks), lambda: clock.now, clock.sleep, grace=20)
    assert clock.now == 2.0, "a queue that was empty once may have been caught between two folders"


def test_drain_ends_with_its_grace() -> None:
    clock = Clock()
    assert not drain.wait(lambda: {"active": 1}, lambda: clock.now, clock.sleep, grace=20)
    assert clock.now == 20.0


@pytest.mark.parametrize(
    ("mebibytes", "processes"), [(None, 50), (16, 5), (192, 19), (512, 59), (1024, 100), (65536, 100)]
)
def test_processes_fit_into_the_memory(mebibytes: int | None, processes: int) -> None:
    assert process_limit(mebibytes * MIB if mebibytes else None) == processes


@pytest.mark.parametrize(
    ("text", "limit"), [("201326592\n", 201326592), ("max\n", None), ("9223372036854771712\n", None)]
)
def test_memory_limit_is_the_containers(tmp_path: Path, text: str, limit: int | None) -> None:
    path = tmp_path / "memory.max"
    path.write_text(text)
    assert memory_limit([tmp_path / "missing", path]) == limit
    assert memory_limit([tmp_path / "missing"]) is None


def test_tls_comes_before_everything() -> None:
    assert main_cf()["smtpd_tls_security_level"] == "encrypt"


def test_the_gate_is_asked_about_each_recipient_and_its_silence_defers() -> None:
    restrictions = main_cf()["smtpd_recipient_restrictions"]
    asked = "check_policy_service { inet:127.0.0.1:10023, timeout=10s, { default_action = 451 4.3.0 "
    assert asked in restrictions
    assert restrictions.index(asked) < restrictions.index("permit_sasl_authenticated"), "a permit ends the list"
    assert DEADLINE < render.POLICY_TIMEOUT, "the gate's own answer is the better one"


def test_a_message_has_one_recipient_and_refusals_slow_nobody_down() -> None:
    main = main_cf()
    assert main["smtpd_recipient_limit"] == "1"
    limits = ("smtpd_recipient_overshoot_limit", "smtpd_soft_error_limit", "smtpd_hard_error_limit")
    assert all(int(main[key]) > 10**6 for key in (*limits, "smtpd_junk_command_limit"))
    assert main["smtpd_error_sleep_time"] == "0"


def test_everything_is_held_at_arrival() -> None:
    restrictions = main_cf()["smtpd_data_restrictions"].split(", ")
    assert restrictions[0].strip() == "check_client_access static:HOLD"


def test_a_bare_postmaster_is_no_way_around_the_restrictions() -> None:
    restrictions = main_cf()["smtpd_data_restrictions"]
    assert "reject_non_fqdn_recipient, reject_sender_login_mismatch, permit_sasl_authenticated, reject" in restrictions


def test_header_from_is_checked_or_nothing_is_taken() -> None:
    main = main_cf()
    assert main["smtpd_milters"] == "inet:127.0.0.1:10024" and main["milter_default_action"] == "tempfail"
    assert main["message_reject_characters"] == "\\0"


@pytest.mark.parametrize(
    "unsafe", ["permit_mynetworks", "permit_tls_all_clientcerts", "permit_inet_interfaces", "= OK"]
)
def test_no_other_way_in_is_opened(unsafe: str) -> None:
    assert not any(unsafe in value for value in main_cf().values())
