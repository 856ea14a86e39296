"""What runs in a pod is what was built for it: its containers, their images, commands, variables and mounts.

An image by digest of another registry, a shell in place of the gate, or a container beside it sends as it likes, under
the campaign's labels and by its lane. So does a gate with a file more among its modules, or one that sees no hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pulumi_policy import Severity

from policies import committed, kubernetes
from policies.containers import PLATFORM, SENDER, Container, Mounted
from policies.inputs import EACH, plan
from policies.plain import UNKNOWN, at, items
from policies.rule import About, Resource, resource_rule
from policies.scopes import CAMPAIGN_POD_TEMPLATES, POD_TEMPLATES, is_campaign_stack

OTHERS = ("initContainers", "ephemeralContainers")
READABLE = (None, 0o444, 0o644, UNKNOWN)
"""Modes of mounted files. A gate that can't read a hold's ConfigMap does not know that it stands."""
OF_ROOT = 0o400
"""The mode of Secrets that Postfix reads; a gate that can't read its own sends nothing."""

ABOUT = About(
    name="containers-known",
    display_name="Containers known",
    description=(
        "A campaign's pods run Postfix and its gate and nothing else, the platform's pods their own programs, each by "
        "the committed image, with its own command and variables; the sender's have its own files mounted, all of them."
    ),
    why="A program that nobody committed sends without the gate's limits, as the campaign and by its lane.",
    remediation=(
        "Declare CampaignSender, Store or Monitoring (components/); an image is changed by images.* of the environment "
        "or sender.image of the campaign."
    ),
    severity=Severity.CRITICAL,
    inputs=(
        *plan(
            POD_TEMPLATES,
            *(("spec", field) for field in OTHERS),
            *(("spec", "containers", EACH, field) for field in ("name", "image", "command", "args", "env", "envFrom")),
        ),
        *plan(CAMPAIGN_POD_TEMPLATES, ("spec", "volumes"), ("spec", "containers", EACH, "volumeMounts")),
    ),
)


def judge(resource: Resource) -> Iterator[str]:
    campaign = kubernetes.campaign(resource)
    # A pod of a campaign's stack outside its namespace is refused by where it is.
    if not kubernetes.has_pods(resource) or (is_campaign_stack(resource) and not campaign):
        return
    what, spec = kubernetes.title(resource), at(kubernetes.pod_template(resource), "spec")
    known = SENDER if campaign else PLATFORM.get((kubernetes.namespace(resource), kubernetes.name(resource)))
    if known is None:
        yield f"{what} is no workload of the platform, so nobody knows what it runs. Remove it."
        return
    for field in OTHERS:
        for container in items(spec, field):
            yield f"{what} runs {at(container, 'name')} by {field}, which none of Warmlane's pods needs. Remove it."
    found = [container for container in items(spec, "containers") if isinstance(container, dict)]
    volumes = {str(at(one, "name")): one for one in items(spec, "volumes")}
    for container in found:
        yield from _mounts(f"{what}, container {container.get('name')},", container, known, volumes)
        yield from _container(f"{what}, container {container.get('name')},", container, known, resource)
    names = [container.get("name") for container in found]
    missing = sorted({one.name for one in known} - set(names)) if UNKNOWN not in names else []
    if missing:
        worth = "nothing limits its mail" if campaign else "it does not do its work"
        yield f"{what} lacks the container {', '.join(missing)}, without which {worth}. Add it."


def _container(what: str, container: dict[str, Any], known: tuple[Container, ...], resource: Resource) -> Iterator[str]:
    name = container.get("name")
    own = next((one for one in known if one.name == name), None)
    if own is None:
        if name is not UNKNOWN:
            yield f"{what} runs beside {', '.join(one.name for one in known)}. Remove it."
        return
    yield from _image(what, container.get("image"), own, resource)
    command = items(container, "command")
    if UNKNOWN not in command and not _is_said(command, own.command):
        right = " ".join(own.command) or "the image's own"
        # What it is now may hold a secret, and is not shown.
        yield f"{what} has another command than its own. Set command to {right}."
    if container.get("args") not in (None, [], UNKNOWN):
        yield f"{what} has args, which change what its command does. Remove args."
    if container.get("envFrom") not in (None, [], UNKNOWN):
        yield f"{what} takes variables from objects that change behind the plan. Remove envFrom."
    for variable in items(container, "env"):
        if UNKNOWN in (variable, at(variable, "name"), at(variable, "value")):
            continue
        if not any(re.fullmatch(one, f"{at(variable, 'name')}={at(variable, 'value')}") for one in own.variables):
            yield f"{what} is given the variable {at(variable, 'name')}, which its program is not to have. Remove it."


def _mounts(
    what: str, container: dict[str, Any], known: tuple[Container, ...], volumes: dict[str, Any]
) -> Iterator[str]:
    """A container sees its own files where it looks for them, and no others."""
    own = next((one.mounts for one in known if one.name == container.get("name")), None)
    mounts = items(container, "volumeMounts")
    if own is None or UNKNOWN in (container.get("volumeMounts"), *mounts):
        return
    found = {at(one, "mountPath"): volumes.get(str(at(one, "name"))) for one in mounts}
    for path in found:
        if path not in own and path is not UNKNOWN:
            yield f"{what} has a volume at {path}, where its program is to have none. Remove it."
    for path, right in own.items():
        if right is not None and not _is_mounted(found.get(path), right) and UNKNOWN not in found:
            yield (
                f"{what} does not have {right.name or 'a volume of its own'} at {path}, whole, and acts as if there "
                f"were none. Mount the {right.source} there."
            )


def _is_mounted(volume: Any, right: Mounted) -> bool:
    source = at(volume, right.source)
    if UNKNOWN in (volume, source):
        return True
    if right.key and at(source, right.key) not in (right.name, UNKNOWN):
        return False
    mode = at(source, "defaultMode")
    is_readable = mode in READABLE or (mode == OF_ROOT and right.source == "secret")
    is_whole = not at(source, "items") and (right.may_be_missing or not at(source, "optional"))
    return isinstance(source, dict) and is_whole and is_readable


def _is_said(words: list[Any], patterns: tuple[str, ...]) -> bool:
    return len(words) == len(patterns) and all(
        re.fullmatch(pattern, str(word)) for pattern, word in zip(patterns, words, strict=True)
    )


def _image(what: str, image: Any, own: Container, resource: Resource) -> Iterator[str]:
    campaign = committed.campaign(kubernetes.campaign(resource), resource.stack)
    theirs = getattr(committed.images(resource.stack), own.image)
    right = (campaign.sender.image if campaign and own.image == "sender" else None) or theirs
    if image in (right, UNKNOWN):
        return
    # While a hold stands, a sender keeps the program that it was deployed with (campaigns/held.py).
    is_kept = "spec" in resource.ignored and right is not None and str(image).split("@")[0] == right.split("@")[0]
    if not is_kept:
        yield (
            f"{what} runs the image {image}, and the committed config says {right or 'none'}. Commit the image that it "
            "is to run, or take this one away."
        )


RULE = resource_rule(ABOUT, judge)
