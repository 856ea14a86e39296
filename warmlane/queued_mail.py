"""What the API server refuses to delete while mail may be queued in it, as pure functions.

A campaign's workload, its claims and its namespace hold accepted mail. Whoever deletes one of them (a person, a plain
`pulumi destroy`, an update that must replace it) first has the namespace marked with what became of the queue;
`warmlane destroy` looks and marks. Pods and ReplicaSets are not concerned: a pod that ends sees to its own queue.
"""

from __future__ import annotations

from typing import Any

from warmlane import labels

POLICY = "queued-mail.warmlane.dev"
"""Name of the ValidatingAdmissionPolicy and of its binding."""
MARK = "warmlane.dev/queue"
"""Annotation of a campaign's namespace: what became of the mail that its senders had accepted."""
DRAINED, EXPORTED, DISCARDED = "drained", "exported", "discarded"
MARKS = (DRAINED, EXPORTED, DISCARDED)
REASON = "warmlane.dev/queue-reason"
"""Annotation beside the mark: what was counted, or why mail was discarded."""

Spec = dict[str, Any]


def policy_spec() -> Spec:
    """`spec` of the ValidatingAdmissionPolicy (admissionregistration.k8s.io/v1; CEL)."""
    campaign = f"variables.owner.metadata.labels['{labels.CAMPAIGN}']"
    told = (
        f"'mail of campaign ' + {campaign} + ' may be queued: its namespace is not marked {MARK}: {' | '.join(MARKS)}. "
        f"Run `warmlane destroy -c ' + {campaign} + '`: it looks into the queue and marks it'"
    )
    return {
        # Nobody deletes past a policy that can't be evaluated.
        "failurePolicy": "Fail",
        "matchConstraints": {
            # A Namespace is matched by its own labels, everything else by those of its namespace.
            "namespaceSelector": {"matchExpressions": [{"key": labels.CAMPAIGN, "operator": "Exists"}]},
            "resourceRules": [
                _deletion("apps", "deployments", "statefulsets"),
                _deletion("", "namespaces", "persistentvolumeclaims"),
            ],
        },
        "variables": [
            {
                "name": "owner",
                "expression": "request.resource.resource == 'namespaces' ? dyn(oldObject) : dyn(namespaceObject)",
            },
            {
                "name": "mark",
                "expression": f"variables.owner.metadata.?annotations[?'{MARK}'].orValue('')",
            },
        ],
        "validations": [
            {
                "expression": f"variables.mark in {list(MARKS)}",
                "messageExpression": told,
                "reason": "Forbidden",
            }
        ],
    }


def _deletion(group: str, *resources: str) -> Spec:
    return {"apiGroups": [group], "apiVersions": ["*"], "operations": ["DELETE"], "resources": list(resources)}


def binding_spec() -> Spec:
    """`spec` of the binding that puts the policy in force in the whole cluster."""
    return {"policyName": POLICY, "validationActions": ["Deny"]}
