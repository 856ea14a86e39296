"""What the plan's accounts may do is written out, is little, and is nothing for a campaign's own account.

RBAC only ever adds: one wide role undoes every narrow one, so each is judged by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_policy import Severity

from policies import kubernetes
from policies.inputs import EACH, plan
from policies.plain import UNKNOWN, at, items
from policies.rule import About, Resource, stack_rule
from policies.scopes import is_campaign_stack, of_kinds
from warmlane import names

ROLES = ("Role", "ClusterRole")
BINDINGS = ("RoleBinding", "ClusterRoleBinding")

ABOUT = About(
    name="rbac-least-privilege",
    display_name="RBAC least privilege",
    description=(
        "Roles hold no wildcard, no escalate, bind or impersonate, no way into pods and no list of secrets; a "
        "campaign's stack makes no cluster role, and nothing is bound to a campaign's own account."
    ),
    why="Whoever can read every secret or act as somebody else is every campaign at once.",
    remediation="Name each resource, verb and, for secrets, each object; bind accounts of the platform only.",
    severity=Severity.CRITICAL,
    inputs=(
        *plan(of_kinds(*ROLES), ("rules", EACH), "aggregationRule", ("metadata", "labels")),
        *plan(of_kinds(*BINDINGS), "roleRef", ("subjects", EACH)),
    ),
)

VERBS = ("escalate", "bind", "impersonate")
INTO_PODS = (
    "nodes/proxy",
    "pods/attach",
    "pods/ephemeralcontainers",
    "pods/exec",
    "pods/portforward",
    "serviceaccounts/token",
)
"""Resources by which an account becomes another one, or whatever runs in a pod."""
SECRETS = "secrets"
WITHOUT_NAME = ("list", "watch", "deletecollection")
"""Verbs that `resourceNames` does not narrow, or of which nobody names the objects."""
READING = ("get", "list", "watch")
"""All that an account may do in every namespace at once."""
AGGREGATED = "rbac.authorization.k8s.io/aggregate-to-"
EVERYBODY = ("system:authenticated", "system:masters", "system:serviceaccounts", "system:unauthenticated")
ACCOUNTS_OF = "system:serviceaccounts:"
USER_OF = "system:serviceaccount:"


Roles = dict[tuple[str, str, str], Resource]
"""Roles of the plan by kind, namespace (of a Role) and name."""


def judge(resources: list[Resource]) -> Iterator[tuple[str, Resource]]:
    declared = {_role(resource): resource for resource in resources if kubernetes.kind(resource) in ROLES}
    for resource in resources:
        kind, what = kubernetes.kind(resource), kubernetes.title(resource)
        messages = list[str]()
        if kind in ROLES:
            messages += _judge_role(what, resource)
        if kind in BINDINGS:
            messages += _judge_binding(what, resource, declared)
        if kind.startswith("Cluster") and kind in (*ROLES, *BINDINGS) and is_campaign_stack(resource):
            messages.append(
                f"{what} would hold in every namespace, and a campaign is at home in one. Make it a "
                f"{kind.removeprefix('Cluster')} of the campaign's namespace, or declare it in the environment."
            )
        for message in messages:
            yield message, resource


def _role(resource: Resource) -> tuple[str, str, str]:
    kind = kubernetes.kind(resource)
    return kind, kubernetes.namespace(resource) if kind == "Role" else "", kubernetes.name(resource)


def _judge_role(what: str, resource: Resource) -> Iterator[str]:
    if at(resource.props, "aggregationRule") not in (None, UNKNOWN):
        yield f"{what} collects rules of roles that this plan does not show. Write them in place of aggregationRule."
    labels = at(resource.props, "metadata", "labels")
    for key in labels if isinstance(labels, dict) else ():
        if key.startswith(AGGREGATED):
            yield f"{what} adds its rules to the cluster's own role by the label {key}. Remove the label."
    for rule in items(resource.props, "rules"):
        for field in ("apiGroups", "resources", "verbs", "nonResourceURLs"):
            if any("*" in str(entry) for entry in items(rule, field)):
                yield f"{what} holds a wildcard in {field}. Name what it needs."
        forbidden = [verb for verb in VERBS if verb in items(rule, "verbs")]
        if forbidden:
            yield f"{what} may {', '.join(forbidden)}, by which its account takes any right. Remove the verb."
        into = [entry for entry in INTO_PODS if entry in items(rule, "resources")]
        if into:
            yield f"{what} reaches {', '.join(into)}, by which its account acts as another one. Remove the resource."
        if SECRETS in items(rule, "resources") and not _names_its_secrets(rule):
            yield (
                f"{what} reaches every secret of its namespace, by {', '.join(map(str, items(rule, 'verbs')))}. Name "
                f"the secrets in resourceNames, without the verbs {', '.join(WITHOUT_NAME)}."
            )


def _names_its_secrets(rule: Any) -> bool:
    """Whether a rule on secrets holds for named ones only; nobody can name an object that is to be created."""
    verbs = set(map(str, items(rule, "verbs")))
    return verbs == {"create"} or (bool(items(rule, "resourceNames")) and verbs.isdisjoint(WITHOUT_NAME))


def _judge_binding(what: str, resource: Resource, declared: Roles) -> Iterator[str]:
    role = at(resource.props, "roleRef")
    kind, name = at(role, "kind"), at(role, "name")
    if UNKNOWN not in (role, kind, name):
        namespace = kubernetes.namespace(resource) if kind == "Role" else ""
        if (str(kind), namespace, str(name)) not in declared:
            yield (
                f"{what} gives the rights of {kind} {name}, which this plan does not declare, so nobody sees them. "
                "Declare the role here, with the rules that it needs."
            )
        elif kubernetes.kind(resource) == "ClusterRoleBinding":
            for verb in _writing(declared[str(kind), namespace, str(name)]):
                yield (
                    f"{what} lets its subjects {verb} in every namespace, campaigns' as well. Bind what changes "
                    "something by a RoleBinding of the namespace that it is needed in."
                )
    for subject in items(resource.props, "subjects"):
        who = _campaigns_account(subject, kubernetes.namespace(resource))
        if who:
            yield (
                f"{what} gives rights to {who}; a campaign's pods ask the API server nothing, and rights for everybody "
                "are theirs too. Remove the subject."
            )


def _writing(role: Resource) -> list[str]:
    """The verbs of a role by which something is changed."""
    verbs = [str(verb) for rule in items(role.props, "rules") for verb in items(rule, "verbs") if verb is not UNKNOWN]
    return list(dict.fromkeys(verb for verb in verbs if verb not in READING))


def _campaigns_account(subject: Any, namespace: str) -> str:
    """The subject, where it is a campaign's own account or a group that holds those; empty for anybody else."""
    kind, name = at(subject, "kind"), str(at(subject, "name"))
    if kind == "ServiceAccount":
        where = str(at(subject, "namespace") or namespace)
        return f"the ServiceAccount {where}/{name}" if where.startswith(names.NAMESPACE_PREFIX) else ""
    if kind == "Group" and (name in EVERYBODY or name.startswith(ACCOUNTS_OF + names.NAMESPACE_PREFIX)):
        return f"the group {name}"
    if kind == "User" and name.startswith(USER_OF + names.NAMESPACE_PREFIX):
        return f"the user {name}"
    return ""


RULE = stack_rule(ABOUT, judge)
