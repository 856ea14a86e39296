"""A campaign's sender: Postfix (`postfix/`) and, beside it, the gate (`gate/`). The image holds this folder alone."""
