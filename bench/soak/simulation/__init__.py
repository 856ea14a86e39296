"""Simulated campaign-months: mail, the detectors that look at it, and what they are compared by."""
