"""Entry of `pulumi preview|up -s <environment>` at the repository's root."""

from components.committed import or_refusal
from infra.program import run

or_refusal(run)
