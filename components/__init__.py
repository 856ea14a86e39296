"""Pulumi components of Warmlane, one a file, and the pure functions that say what their objects look like."""
