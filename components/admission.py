"""What the cluster's API server refuses for Warmlane, whoever asks."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes.admissionregistration.v1 import ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding

from warmlane import labels, queued_mail

TYPE = "warmlane:admission:Admission"


class Admission(pulumi.ComponentResource):
    """**Pulumi type:** `warmlane:admission:Admission`

    Makes:

    - `ValidatingAdmissionPolicy` `<name>-queued-mail`: a campaign's workload, claims and namespace are deleted only
      once the namespace is marked with what became of its queue
    - `ValidatingAdmissionPolicyBinding` `<name>-queued-mail-binding`: in the whole cluster
    """

    def __init__(self, name: str, *, environment_name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, None, opts)
        metadata = {"name": queued_mail.POLICY, "labels": labels.platform("queued-mail", "admission", environment_name)}
        self.queued_mail = ValidatingAdmissionPolicy(
            f"{name}-queued-mail",
            metadata=metadata,
            spec=queued_mail.policy_spec(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.binding = ValidatingAdmissionPolicyBinding(
            f"{name}-queued-mail-binding",
            metadata=metadata,
            spec=queued_mail.binding_spec(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.queued_mail]),
        )
        self.register_outputs({"policy": queued_mail.POLICY})
