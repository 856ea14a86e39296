"""Whether a recipient may be mailed: address, domain, traps and suppression, each verdict with its reason."""
