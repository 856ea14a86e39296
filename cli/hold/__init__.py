"""`warmlane hold` and `warmlane release`: stops a campaign's mail, and lets it go again."""
