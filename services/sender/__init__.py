"""The sender of a campaign: Postfix (`postfix/`) and, beside it, the gate (`gate/`). The image holds nothing but this folder."""
