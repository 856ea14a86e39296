"""Feedback: what the guardian decides from what it sees, as pure functions; docs/feedback.md tells it in words."""
