"""The `warmlane` command: Pulumi's own CLI with order, progress, recovery and a table around it."""
