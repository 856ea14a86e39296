"""SMTP servers that accept everything and write down where it came from."""

from __future__ import annotations

import time
from email import message_from_bytes
from email.policy import SMTP as SMTP_POLICY

from aiosmtpd.smtp import SMTP, Envelope, Session

from lab.receivers.receipts import Receipt, append

SIZE_LIMIT = 32 * 1024 * 1024


class Sink:
    """aiosmtpd's handler for the MX of one domain."""

    def __init__(self, domain: str) -> None:
        self.domain = domain

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Mail for other domains is refused, as a mailbox provider is no relay."""
        if address.rpartition("@")[2].lower() != self.domain:
            return f"550 5.7.1 {address}: no relaying here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Writes the receipt, and only then says 250: what is counted is what was taken."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        headers = message_from_bytes(content, policy=SMTP_POLICY)
        append(
            Receipt(
                time=time.time(),
                domain=self.domain,
                source=session.peer[0] if session.peer else "",
                helo=session.host_name or "",
                mail_from=envelope.mail_from or "",
                rcpt_to=list(envelope.rcpt_tos),
                message_id=str(headers.get("Message-ID", "")),
                size=len(content),
            )
        )
        return "250 2.0.0 Ok: taken"


def server(domain: str) -> SMTP:
    """The protocol of one connection to the MX of `domain`."""
    return SMTP(
        Sink(domain), hostname=f"mx.{domain}", ident="Warmlane lab", data_size_limit=SIZE_LIMIT, decode_data=False
    )
