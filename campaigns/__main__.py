"""Entry of `pulumi preview|up -s <campaign>.<environment>` in campaigns/."""

from campaigns.program import run
from components.committed import or_refusal

or_refusal(run)
