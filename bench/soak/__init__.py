"""The full numbers, in parts: each is seeded, can be run again when interrupted, and writes what it saw as JSON."""
