"""The guardian's role reads what came back, counted: no recipient, no token."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Gives the right. SQLite, which has no roles, needs none."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("GRANT SELECT ON return_counts TO warmlane_guardian")


def downgrade() -> None:
    """Takes it."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("REVOKE SELECT ON return_counts FROM warmlane_guardian")
