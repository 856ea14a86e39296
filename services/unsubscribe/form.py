"""The body of a one-click request: `List-Unsubscribe=One-Click` in either way that forms are sent (RFC 8058, 3.2)."""

from __future__ import annotations

from email.parser import BytesHeaderParser, BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl

FIELD, VALUE = "List-Unsubscribe", "One-Click"
LARGEST = 4096
"""Octets of a body; a form with this one field has fewer than 300."""


def is_one_click(content_type: str, body: bytes) -> bool:
    """Whether the body says it, once and nothing else of that name. Never raises."""
    try:
        return _values(content_type, body) == [VALUE]
    except Exception:
        # Python's parser of MIME raises whatever it likes on what nobody meant to send.
        return False


def _values(content_type: str, body: bytes) -> list[str]:
    head = b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n"
    kind = BytesHeaderParser(policy=HTTP).parsebytes(head).get_content_type()
    if kind == "application/x-www-form-urlencoded":
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=10)
        return [value for name, value in fields if name == FIELD]
    if kind != "multipart/form-data":
        return []
    parts = BytesParser(policy=HTTP).parsebytes(head + body).iter_parts()
    return [
        str(part.get_content()).strip()
        for part in parts
        if part.get_content_disposition() == "form-data" and part["content-disposition"].params.get("name") == FIELD
    ]
