"""A secret stands in a Secret: not in a ConfigMap, an environment variable, an annotation or an argument.

The engine shows rules every secret in clear text, so a message names where one lies and never what it is.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from pulumi_policy import Severity

from policies import kubernetes, secret_text
from policies.inputs import EACH, Scope, after_creation, plan
from policies.plain import UNKNOWN, at, items, mapping
from policies.pod_security.baseline import HOOKS, PROBES
from policies.resource import Resource
from policies.rule import About, resource_rule
from policies.scopes import POD_TEMPLATES, in_containers, named
from warmlane import names
from warmlane.sender_config import IDENTITY_KEY


def _is_config_map(resource: Resource) -> bool:
    return kubernetes.kind(resource) == "ConfigMap" and kubernetes.name(resource) != names.SENDER_IDENTITY_CONFIG_MAP


CONFIG_MAPS = Scope(f"every ConfigMap but {names.SENDER_IDENTITY_CONFIG_MAP}", _is_config_map)
OBJECTS = Scope("every Kubernetes object", lambda resource: bool(kubernetes.kind(resource)))

HANDLERS = [(probe,) for probe in PROBES] + [("lifecycle", hook) for hook in HOOKS]
"""What the kubelet asks or runs by itself, below a container."""

ABOUT = About(
    name="secrets-in-secrets",
    display_name="Secrets in Secrets",
    description=(
        "No password, token, private key or URL with a password stands in a ConfigMap, an environment variable, a "
        "label, an annotation, an argument or a probe."
    ),
    why="All of those are read by whoever may look at a pod, and Pulumi keeps them in clear text in state and logs.",
    remediation="Put it into a Secret, mount that as a file, and let the program read the file.",
    severity=Severity.CRITICAL,
    inputs=(
        *plan(OBJECTS, ("metadata", "annotations"), ("metadata", "labels")),
        *plan(CONFIG_MAPS, "data", "binaryData"),
        *plan(
            POD_TEMPLATES,
            ("metadata", "annotations"),
            *in_containers("env", EACH, "value"),
            *in_containers("command", EACH),
            *in_containers("args", EACH),
            *(path for handler in HANDLERS for path in in_containers(*handler, "exec", "command")),
            *(path for handler in HANDLERS for path in in_containers(*handler, "httpGet", "httpHeaders")),
        ),
        *after_creation(named("ConfigMap", names.SENDER_IDENTITY_CONFIG_MAP), ("data", IDENTITY_KEY)),
    ),
)


def judge(resource: Resource) -> Iterator[str]:
    if not kubernetes.kind(resource):
        return
    what = kubernetes.title(resource)
    for where, found in _found(resource):
        yield f"{what} holds {found} in {where}. Put it into a Secret, and mount that as a file."


def _found(resource: Resource) -> Iterator[tuple[str, str]]:
    """Where a secret lies, and what it is, in words."""
    yield from _in_annotations("metadata.annotations", at(resource.props, "metadata"))
    if kubernetes.kind(resource) != "Secret":
        yield from _by_looks(resource.props, "")
    if kubernetes.kind(resource) == "ConfigMap":
        yield from _in_config_map(resource.props)
    if kubernetes.has_pods(resource):
        template = kubernetes.pod_template(resource)
        yield from _in_annotations("the pods' metadata.annotations", at(template, "metadata"))
        for container in kubernetes.containers(at(template, "spec")):
            yield from _in_container(container)


def _in_annotations(where: str, metadata: Any) -> Iterator[tuple[str, str]]:
    for key, value in mapping(metadata, "labels").items():
        if secret_text.is_secret_name(key.rsplit("/", 1)[-1]) and secret_text.is_literal(value):
            yield f"{where.replace('annotations', 'labels')}.{key}", "a secret"
    for key, value in mapping(metadata, "annotations").items():
        if secret_text.is_secret_name(key.rsplit("/", 1)[-1]) and secret_text.is_literal(value):
            yield f"{where}.{key}", "a secret"
        elif isinstance(value, str):
            yield from ((f"{where}.{key} ({name})", "a secret") for name in secret_text.in_document(value))


def _in_container(container: dict[str, Any]) -> Iterator[tuple[str, str]]:
    where = f"container {container.get('name')}"
    for variable in items(container, "env"):
        name, value = at(variable, "name"), at(variable, "value")
        if secret_text.is_secret_name(str(name)) and secret_text.is_literal(value):
            yield f"the variable {name} of {where}", "a secret"
        elif isinstance(value, str):
            yield from (
                (f"the variable {name} ({found}) of {where}", "a secret") for found in secret_text.in_document(value)
            )
    for name in secret_text.in_words([*items(container, "command"), *items(container, "args")]):
        yield f"the option {name} of {where}", "a secret"
    for handler in HANDLERS:
        asked = at(container, *handler)
        for name in secret_text.in_words(items(asked, "exec", "command")):
            yield f"the option {name} of {'.'.join(handler)} of {where}", "a secret"
        for header in items(asked, "httpGet", "httpHeaders"):
            name, value = at(header, "name"), at(header, "value")
            if secret_text.is_secret_name(str(name)) and secret_text.is_literal(value):
                yield f"the header {name} of {'.'.join(handler)} of {where}", "a secret"


def _in_config_map(props: dict[str, Any]) -> Iterator[tuple[str, str]]:
    texts = {f"data.{key}": value for key, value in mapping(props, "data").items()}
    texts |= {f"binaryData.{key}": _decoded(value) for key, value in mapping(props, "binaryData").items()}
    for where, value in texts.items():
        key = where.split(".", 1)[1]
        if not isinstance(value, str):
            continue
        if (secret_text.is_secret_name(key) or secret_text.FILES.fullmatch(key)) and secret_text.is_literal(value):
            yield where, "a secret"
        yield from ((f"{where} ({name})", "a secret") for name in secret_text.in_document(value))
        if where.startswith("binaryData."):
            yield from ((where, found) for found in secret_text.looks(value))


def _decoded(value: Any) -> Any:
    """Binary data as text, as far as it is one."""
    if not isinstance(value, str):
        return UNKNOWN
    try:
        return base64.b64decode(value, validate=True).decode(errors="replace")
    except binascii.Error:
        return value


def _by_looks(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from _by_looks(entry, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _by_looks(entry, f"{path}[{index}]")
    elif isinstance(value, str):
        yield from ((path, found) for found in secret_text.looks(value))


RULE = resource_rule(ABOUT, judge)
