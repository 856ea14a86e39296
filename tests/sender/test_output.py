"""What the container of Postfix shows of the mail log."""

from __future__ import annotations

import base64

from services.sender.postfix.supervisor import shown

START = "Nov 24 21:01:08 amber postfix/smtpd[137]: "


def test_a_password_that_a_producer_sends_before_its_turn_is_not_shown() -> None:
    secret = base64.b64encode(b"\0spring-sale\0canary-93f1").decode()
    early = f"{START}improper command pipelining after EHLO from unknown[192.0.2.1]: AUTH PLAIN {secret}\\r\\n"
    assert shown(early) == f"{START}improper command pipelining after EHLO from unknown[192.0.2.1]: (not shown)"


def test_other_lines_are_shown_as_they_are() -> None:
    line = START + "4jYvnw6n02z1l8rB: client=unknown[192.0.2.1], sasl_method=PLAIN, sasl_username=spring-sale"
    assert shown(line) == line
