"""Every object of both programs against Kubernetes' own schemas, in which no field is unknown or misspelled."""

from __future__ import annotations

from dataclasses import replace

import kubernetes_validate
import pytest

from campaigns.program import deploy as deploy_campaign
from infra.program import deploy as deploy_environment
from warmlane.campaign import Spool

KUBERNETES = "1.35"


@pytest.mark.parametrize("spool", Spool)
@pytest.mark.parametrize("case_name", ["dev", "prod"])
def test_manifests_keep_to_the_schemas(run, request, case_name, spool) -> None:
    case = request.getfixturevalue(case_name)
    case = replace(case, campaign=case.campaign.model_copy(update={"spool": spool}))
    stack = f"{case.campaign.id}.{case.name}"
    recorded = [
        run(
            lambda: deploy_environment(
                case.environment, case.name, "canary-password", "canary-store-password", "canary-key"
            ),
            stack=case.name,
        ),
        run(
            lambda: deploy_campaign(
                case.environment, case.name, case.campaign, case.lease, "canary-password", "a-public-key"
            ),
            stack=stack,
            outputs=case.outputs,
        ),
    ]
    objects = [found for each in recorded for found in each.resources.values() if found.type.startswith("kubernetes:")]
    builtin = [found for found in objects if "cilium.io" not in found.inputs["apiVersion"]]
    assert len(builtin) > 20, "the programs' objects were not recorded"
    for found in builtin:
        if found.inputs["kind"] == "Secret":
            continue  # its data is wrapped as a secret, which no schema knows
        kubernetes_validate.validate(found.inputs, KUBERNETES, strict=True)
