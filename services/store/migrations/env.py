"""Run by Alembic, with the connection that `services.store.migrate` gives it; one transaction for all revisions."""

from alembic import context

from services.store.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
