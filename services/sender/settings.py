"""What the pod mounts into its containers, read and checked."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

CONFIG_FILE = Path("/etc/warmlane/config/config.json")
IDENTITY_FILE = Path("/etc/warmlane/identity/identity.json")
SUBMISSION_DIRECTORY = Path("/etc/warmlane/submission")
LOG_DIRECTORY = Path("/var/log/warmlane")
MAIL_LOG = LOG_DIRECTORY / "mail.log"
SPOOL = Path("/var/spool/postfix")
ADMISSION = ("127.0.0.1", 10023)
"""Where Postfix asks the gate about a recipient; the pod's loopback, which no other pod reaches."""
FROM_HEADER = ("127.0.0.1", 10024)
"""Where Postfix has header From checked."""

_DOMAIN = re.compile(r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")
_USERNAME = re.compile(r"^[A-Za-z0-9._-]{1,64}$")


class SettingsError(Exception):
    """A mounted file is missing or holds something that Postfix can't be configured from."""


@dataclass(frozen=True)
class Settings:
    """Plan-time facts of a sender, from the ConfigMap `sender-config`."""

    campaign: str
    lane: str
    hostname: str
    """Host name of the lane: HELO name, banner, and what the lane's PTR says."""
    sending_domain: str
    """The one domain that envelope senders may have."""


@dataclass(frozen=True)
class Credentials:
    """User name and password with which the campaign's producers submit, from the Secret `sender-submission`."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r})"


def parse_settings(text: str) -> Settings:
    """The settings in `config.json`.

    Values go into Postfix's configuration, so they are held to what a domain name may contain. Raises SettingsError.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"config.json is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise SettingsError("config.json: expected an object")
    for key in ("campaign", "lane", "hostname", "sending_domain"):
        if not isinstance(document.get(key), str) or not document[key]:
            raise SettingsError(f"config.json: {key} is missing")
    for key in ("hostname", "sending_domain"):
        if not _DOMAIN.match(document[key]):
            raise SettingsError(f"config.json: {key}: {document[key]!r} is not a domain name in lower case")
    return Settings(document["campaign"], document["lane"], document["hostname"], document["sending_domain"])


def parse_credentials(username: str, password: str) -> Credentials:
    """The credentials in the mounted Secret; a final newline is not part of them. Raises SettingsError."""
    username, password = username.rstrip("\r\n"), password.rstrip("\r\n")
    if not _USERNAME.match(username):
        raise SettingsError("submission username: expected 1 to 64 letters, digits, dots, dashes or underscores")
    if not password or "\n" in password or "\0" in password:
        raise SettingsError("submission password: expected one line that is not empty")
    return Credentials(username, password)


def read(config_file: Path = CONFIG_FILE, submission: Path = SUBMISSION_DIRECTORY) -> tuple[Settings, Credentials]:
    """Settings and credentials from the mounted files. Raises SettingsError."""
    try:
        texts = [path.read_text() for path in (config_file, submission / "username", submission / "password")]
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"a mounted file can't be read: {error}") from error
    return parse_settings(texts[0]), parse_credentials(texts[1], texts[2])
