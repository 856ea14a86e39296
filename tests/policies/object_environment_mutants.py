"""Ways to spoil the objects of a sound environment; the same shape as in `campaign_mutants.py`."""

from __future__ import annotations

from tests.policies.object_changes import WHERE, Change, binding, record

ADDRESS, LEVEL, LEAST = "address-protected", "pod-security-level", "rbac-least-privilege"

OBJECT_ENVIRONMENT_MUTANTS: list[tuple[str, str, Change, str]] = [
    (
        ADDRESS,
        "renamed and taken out of its lane",
        lambda s: s.update(added=record("renamed", name="AMBER.warmlane.test.")),
        "Record renamed is not protected",
    ),
    (
        ADDRESS,
        "by what it points to",
        lambda s: s.update(added=record("alias", [s["amber-address"]], name="mail.warmlane.test")),
        "Record alias is not protected",
    ),
    (
        ADDRESS,
        "from nobody knows where",
        lambda s: s.update(added=record("hidden", name="hidden.warmlane.test")),
        "cannot be decided from records",
    ),
    (
        LEVEL,
        "platform lower",
        lambda s: (
            s["platform-namespace"]
            .props["metadata"]["labels"]
            .update({"pod-security.kubernetes.io/enforce": "baseline"})
        ),
        "enforces Pod Security `baseline`, and at least `restricted`",
    ),
    (
        LEVEL,
        "platform as root",
        lambda s: s["store-deployment"].props["spec"]["template"]["spec"]["securityContext"].update(runAsUser=0),
        "spec.securityContext.runAsUser is 0, and allowed is any user but 0",
    ),
    (
        LEVEL,
        "platform with NFS",
        lambda s: s["store-deployment"].props["spec"]["template"]["spec"]["volumes"].append({"name": "v", "nfs": {}}),
        "spec.volumes[v] is nfs",
    ),
    (
        LEAST,
        "deletes everywhere",
        lambda s: s["monitoring-prometheus-role"].props["rules"][0]["verbs"].append("delete"),
        "lets its subjects delete in every namespace",
    ),
    (
        LEAST,
        "a campaign's account",
        binding("email-sender", namespace=WHERE),
        f"the ServiceAccount {WHERE}/email-sender",
    ),
    (LEAST, "everybody", binding("system:authenticated", "Group"), "the group system:authenticated"),
    (LEAST, "a campaign's accounts", binding(f"system:serviceaccounts:{WHERE}", "Group"), "rights to the group"),
    (LEAST, "by user name", binding(f"system:serviceaccount:{WHERE}:email-sender", "User"), "rights to the user"),
    (
        LEAST,
        "collected",
        lambda s: s["monitoring-prometheus-role"].props.update(aggregationRule={"clusterRoleSelectors": []}),
        "collects rules of roles that this plan does not show",
    ),
    (
        LEAST,
        "added to the cluster's own",
        lambda s: (
            s["monitoring-prometheus-role"]
            .props["metadata"]["labels"]
            .update({"rbac.authorization.k8s.io/aggregate-to-view": "true"})
        ),
        "by the label rbac.authorization.k8s.io/aggregate-to-view",
    ),
]
