"""The reputation exporter: what blocklists, DNS and mailbox providers say of lanes and domains, as metrics."""
