"""Runs in a producer's pod: tries to submit in every right and wrong way and prints the verdicts as JSON.

The test puts a line `PARAMETERS = {...}` before this text and pipes both into the pod's Python. It uses nothing but the
standard library, since the pod has nothing else.
"""

import json
import smtplib
import ssl

GIVEN = PARAMETERS  # type: ignore[name-defined]  # noqa: F821
SENDER = "probe@" + GIVEN["sending_domain"]
RECIPIENT = GIVEN["recipient"]


def connected(host, tls=True, password=None):
    session = smtplib.SMTP(host, 25, timeout=20)
    session.ehlo("producer.warmlane.test")
    if tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        session.starttls(context=context)
        session.ehlo("producer.warmlane.test")
    if password is not None:
        session.login(GIVEN["username"], password)
    return session


def verdict(sender=SENDER, recipient=RECIPIENT, **how):
    """The reply code to MAIL and RCPT, whichever refuses first; 250 if both are taken. No message is sent."""
    try:
        with connected(GIVEN["host"], **how) as session:
            code, _ = session.docmd("MAIL", f"FROM:<{sender}>")
            return code if code != 250 else session.docmd("RCPT", f"TO:<{recipient}>")[0]
    except smtplib.SMTPNotSupportedError:
        return "AUTH is not offered"
    except smtplib.SMTPAuthenticationError as refused:
        return refused.smtp_code


right = GIVEN["password"]
print(
    json.dumps(
        {
            "right": verdict(password=right),
            "no authentication": verdict(),
            "no authentication, a stranger's domain": verdict("probe@stranger.test"),
            "no authentication, null sender": verdict(""),
            "no authentication, no TLS": verdict(tls=False),
            "authentication without TLS": verdict(tls=False, password=right),
            "wrong password": verdict(password=right + "x"),
            "another campaign's domain": verdict("probe@" + GIVEN["other_domain"], password=right),
            "subdomain": verdict("probe@sub." + GIVEN["sending_domain"], password=right),
            "null sender": verdict("", password=right),
            "percent hack": verdict(recipient=RECIPIENT.replace("@", "%") + "@" + GIVEN["hostname"], password=right),
            "percent hack without authentication": verdict(
                recipient=RECIPIENT.replace("@", "%") + "@" + GIVEN["hostname"]
            ),
            "source route without authentication": verdict(recipient="@" + GIVEN["hostname"] + ":" + RECIPIENT),
            "local mailbox": verdict(recipient="root@" + GIVEN["hostname"], password=right),
            "loopback literal": verdict(recipient="root@[127.0.0.1]", password=right),
        }
    )
)
