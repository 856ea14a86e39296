"""Postfix for one campaign: rendering its configuration, making its credentials, running it as the container's first process."""
