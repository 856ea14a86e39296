"""Postfix for one campaign: its configuration, its credentials, and the container's first process that runs it."""
