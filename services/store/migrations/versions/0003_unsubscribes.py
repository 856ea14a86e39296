"""The role of the one-click unsubscribe: it adds unsubscribes to the suppressions, and can do nothing else."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

# It faces the internet, so it may not even read what it wrote. It can't take a suppression back or make one of another
# kind, which might end.
RIGHTS = """
CREATE POLICY unsubscribes ON suppressions FOR INSERT TO warmlane_unsubscribe
    WITH CHECK (kind = 'unsubscribe' AND expires IS NULL);
GRANT INSERT ON suppressions TO warmlane_unsubscribe;
"""


def upgrade() -> None:
    """Gives the role its rights. SQLite, which has no roles, needs none."""
    if op.get_bind().dialect.name != "postgresql":
        return
    known = op.get_bind().scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = 'warmlane_unsubscribe'"))
    if not known:
        op.execute("CREATE ROLE warmlane_unsubscribe NOLOGIN")
    op.execute(RIGHTS)


def downgrade() -> None:
    """Takes them. The role stays: it belongs to the server, and another database may use it."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("REVOKE INSERT ON suppressions FROM warmlane_unsubscribe")
        op.execute("DROP POLICY unsubscribes ON suppressions")
