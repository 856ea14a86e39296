"""The full numbers, in parts: each is seeded, can be run again after an interruption, and writes what it saw as JSON."""
