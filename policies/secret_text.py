"""Recognises a secret by the name that it goes by and by what it looks like. Never gives one back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
SECRET: Final = {"apikey", "authorization", "credential", "credentials", "passphrase", "passwd", "password", "pwd"} | {
    "secret",
    "token",
}
KEYS: Final = {"access", "api", "auth", "dkim", "encryption", "hmac", "private", "secret", "signing", "ssh", "tls"}
"""What makes a `key` a secret one; a public key, a map's key or the key of a label is none."""
GLUED: Final = ("passphrase", "passwd", "password", "secret", "token")
"""What a word may end in, as in `PGPASSWORD`."""
RESULTS: Final = {"arc", "by", "dkim", "dmarc", "first", "second", "spf"}
"""What makes a `pass` a result or a round and no password."""
ENDINGS: Final = {"base", "hash", "plain", "text", "value"}
"""Words that may follow the one that tells, so that `password_value` is a password and `password_file` is not."""
FILES: Final = re.compile(r".*\.key|id_(rsa|ecdsa|ed25519)|\.?htpasswd", re.IGNORECASE)
REFERENCE: Final = re.compile(r"\$\([^)]*\)|\$\{[^}]*\}")
"""A value that is filled in where it is used."""
ASSIGNMENT: Final = re.compile(r"""(?:^|[\s;&|,{"'])-{0,2}([A-Za-z_][\w.-]*)["']?\s*[=:]\s*["']?([^\s"',;&|]+)""", re.M)
LOOKS: Final = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a URL with a password": re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@\"']*:(?!\$[({])[^\s/@\"']+@"),
    "a signed token": re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}"),
}


def is_secret_name(name: str) -> bool:
    """Whether what goes by this name is a secret itself, not where one lies, what it is called or how long it lives."""
    words = [word.lower() for word in WORDS.findall(name)]
    while words and (words[-1] in ENDINGS or words[-1].isdigit()):
        words.pop()
    if not words or "public" in words:
        return False
    if words[-1] == "pass":
        return len(words) > 1 and words[-2] not in RESULTS
    glued = words[-1].endswith(GLUED)
    return words[-1] in SECRET or glued or (words[-1] == "key" and len(words) > 1 and words[-2] in KEYS)


def is_literal(value: Any) -> bool:
    """Whether a value is a text of its own, and not a reference."""
    return isinstance(value, str) and bool(value.strip()) and not REFERENCE.fullmatch(value.strip())


def looks(text: str) -> Iterator[str]:
    """What a text shows that is secret by its looks, in words."""
    yield from (what for what, pattern in LOOKS.items() if pattern.search(text))


def in_document(text: str) -> Iterator[str]:
    """Dotted names in a document (JSON, YAML or lines of `name = value`) whose values are secrets."""
    documents = _parsed(text)
    if documents:
        for document in documents:
            yield from _names(document, "")
    else:
        yield from (name for name, value in ASSIGNMENT.findall(text) if is_secret_name(name) and is_literal(value))


def in_words(words: list[Any]) -> Iterator[str]:
    """Names of options and variables in a command line whose values are secrets."""
    texts = [word if isinstance(word, str) else "" for word in words]
    for word, following in zip(texts, [*texts[1:], ""], strict=False):
        yield from (name for name, value in ASSIGNMENT.findall(word) if is_secret_name(name) and is_literal(value))
        option = word.startswith("-") and "=" not in word and " " not in word
        if option and is_secret_name(word) and is_literal(following) and not following.startswith("-"):
            yield word.lstrip("-")


def _parsed(text: str) -> list[Any]:
    """The mappings and lists that a text holds, none where it is neither JSON nor YAML."""
    try:
        documents = [json.loads(text)]
    except ValueError:
        try:
            documents = list(yaml.load_all(text, yaml.CSafeLoader))
        except yaml.YAMLError:
            return []
    return [document for document in documents if isinstance(document, dict | list)]


def _names(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _names(entry, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, entry in value.items():
            where = f"{path}.{key}" if path else str(key)
            if is_secret_name(str(key)) and is_literal(entry):
                yield where
            yield from _names(entry, where)
