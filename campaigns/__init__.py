"""The campaign program. A stack is a campaign in an environment, `<campaign>.<environment>`."""
