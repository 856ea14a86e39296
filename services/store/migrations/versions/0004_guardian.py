"""What the guardian knows and decided, and its role, which sees nothing else."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

# It may not change a decision once it is written, nor forget one.
RIGHTS = """
GRANT SELECT, INSERT, UPDATE ON guardian_state TO warmlane_guardian;
GRANT SELECT, INSERT ON guardian_decisions TO warmlane_guardian;
"""


def upgrade() -> None:
    """Makes the tables, and on PostgreSQL the role."""
    op.create_table(
        "guardian_state",
        sa.Column("campaign", sa.String(63), primary_key=True),
        sa.Column("cycle", sa.BigInteger, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_table(
        "guardian_decisions",
        sa.Column("cycle", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("subject", sa.String(126), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("ix_guardian_decisions_subject", "guardian_decisions", ["subject", "cycle"])
    if op.get_bind().dialect.name != "postgresql":
        return
    known = op.get_bind().scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = 'warmlane_guardian'"))
    if not known:
        op.execute("CREATE ROLE warmlane_guardian NOLOGIN")
    op.execute(RIGHTS)


def downgrade() -> None:
    """Drops them, and what they hold. The role stays: it belongs to the server, and another database may use it."""
    op.drop_table("guardian_decisions")
    op.drop_table("guardian_state")
