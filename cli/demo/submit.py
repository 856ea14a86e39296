"""Submits messages as a campaign's producer does: STARTTLS, AUTH, and mail. Runs inside a producer's pod.

Standard input is one JSON object: host, user, password, mail_from, run, recipients (one address for each message).
Standard output is one: submitted, and the error that ended it early (null when none did). Standard library only.
"""

import json
import smtplib
import ssl
import sys
import time
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any

PORT = 25
MESSAGES_PER_CONNECTION = 10
"""A Service balances connections, so each replica gets its share only with several of them."""
SECONDS_TO_BEGIN = 60
"""A sender that has just become ready may not be reachable by its Service's name for some seconds."""


def connected(given: dict[str, Any]) -> smtplib.SMTP:
    """A session that is encrypted and authenticated. The certificate is the sender's own, inside the cluster."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    session = smtplib.SMTP(given["host"], PORT, timeout=30)
    session.starttls(context=context)
    session.login(given["user"], given["password"])
    return session


def first_connection(given: dict[str, Any]) -> smtplib.SMTP:
    """The first session, tried again while the sender is still coming up."""
    deadline = time.monotonic() + SECONDS_TO_BEGIN
    while True:
        try:
            return connected(given)
        except (OSError, smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError):
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


def message(given: dict[str, Any], number: int, recipient: str) -> EmailMessage:
    """Message `number` of the run; its id says which run and which message it was."""
    mail = EmailMessage()
    mail["From"], mail["To"] = given["mail_from"], recipient
    mail["Subject"], mail["Date"] = f"Warmlane demo, message {number}", formatdate()
    mail["Message-ID"] = f"<{given['run']}.{number}@{given['mail_from'].partition('@')[2]}>"
    mail.set_content("A message that was sent to count it.\n")
    return mail


def main() -> None:
    given = json.load(sys.stdin)
    recipients, submitted, error = given["recipients"], 0, None
    try:
        session = first_connection(given)
        for number, recipient in enumerate(recipients):
            if number and number % MESSAGES_PER_CONNECTION == 0:
                session.quit()
                session = connected(given)
            session.send_message(message(given, number, recipient), given["mail_from"], [recipient])
            submitted += 1
        session.quit()
    except (OSError, smtplib.SMTPException) as problem:
        error = f"{type(problem).__name__}: {problem}"
    json.dump({"submitted": submitted, "error": error}, sys.stdout)


if __name__ == "__main__":
    main()
