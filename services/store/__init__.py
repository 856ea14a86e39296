"""The platform's store: what replicas and campaigns share. PostgreSQL, or SQLite for one replica, the CLI and tests."""
