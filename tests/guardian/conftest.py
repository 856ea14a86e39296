"""The store's fixtures, here too."""

from tests.store.conftest import empty, postgresql_store, server, store, template

__all__ = ["empty", "postgresql_store", "server", "store", "template"]
