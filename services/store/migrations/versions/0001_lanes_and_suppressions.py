"""Counters of lanes and suppressions; on PostgreSQL what a campaign's role may see."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

LANE_TABLES = ("sending_hours", "sending_days", "session_shares")

# A campaign's role sees its own lane; only the platform says which lane that is.
ROW_POLICIES = """
CREATE POLICY own_lane ON lanes TO warmlane_campaigns USING (current_user = 'campaign_' || campaign);
GRANT SELECT, UPDATE (last_day) ON lanes TO warmlane_campaigns;
"""

# The subquery itself sees the role's own lane only.
LANE_TABLE_POLICY = """
CREATE POLICY own_lane ON {table} TO warmlane_campaigns USING (lane IN (SELECT lanes.lane FROM lanes));
GRANT SELECT, INSERT, UPDATE ON {table} TO warmlane_campaigns;
"""

# They run with the rights of the tables' owner, so every name in them is qualified and every caller checked:
# session_user is who logged in, whatever role was set since.
FUNCTIONS = """
CREATE FUNCTION check_campaign(asked text) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF left(session_user, 9) = 'campaign_' AND session_user <> 'campaign_' || asked THEN
        RAISE insufficient_privilege USING MESSAGE = 'the role of one campaign may not act for another';
    END IF;
END $$;

CREATE FUNCTION suppressed(for_campaign text, key_ids text[], digests bytea[], at bigint)
RETURNS TABLE (key_id varchar, digest bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM public.check_campaign(for_campaign);
    RETURN QUERY
        SELECT DISTINCT held.key_id, held.digest
        FROM unnest(key_ids, digests) AS asked (key_id, digest)
        JOIN public.suppressions AS held ON held.digest = asked.digest AND held.key_id = asked.key_id
        WHERE held.campaign IN ('', for_campaign) AND (held.expires IS NULL OR held.expires > at);
END $$;

CREATE FUNCTION suppress(
    for_campaign text, by_key text, hashed bytea, because text, until bigint, at bigint
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF for_campaign <> '' THEN
        PERFORM public.check_campaign(for_campaign);
    END IF;
    IF left(session_user, 9) = 'campaign_' AND because <> 'hard_bounce' THEN
        RAISE insufficient_privilege USING MESSAGE = 'the role of a campaign adds hard bounces only';
    END IF;
    INSERT INTO public.suppressions AS held (campaign, key_id, digest, kind, expires, created)
    VALUES (for_campaign, by_key, hashed, because, until, at)
    ON CONFLICT ON CONSTRAINT suppressions_pkey DO UPDATE SET expires = CASE
        WHEN held.expires IS NULL OR excluded.expires IS NULL THEN NULL
        ELSE greatest(held.expires, excluded.expires)
    END;
END $$;

REVOKE EXECUTE ON FUNCTION check_campaign, suppressed, suppress FROM PUBLIC;
GRANT EXECUTE ON FUNCTION suppressed, suppress TO warmlane_campaigns;
"""


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "lanes",
        sa.Column("lane", sa.String(63), primary_key=True),
        sa.Column("campaign", sa.String(63), unique=True),
        sa.Column("base_sending_days", sa.BigInteger, nullable=False),
        sa.Column("base_day", sa.BigInteger),
        sa.Column("base_messages", sa.BigInteger, nullable=False),
        sa.Column("last_day", sa.BigInteger),
    )
    op.create_table(
        "sending_hours",
        _lane(),
        sa.Column("day", sa.BigInteger, primary_key=True),
        sa.Column("hour", sa.BigInteger, primary_key=True),
        sa.Column("provider", sa.String(63), primary_key=True),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.CheckConstraint("tokens >= 0", name="tokens"),
    )
    op.create_table(
        "sending_days",
        _lane(),
        sa.Column("day", sa.BigInteger, primary_key=True),
        sa.Column("delivered", sa.BigInteger, nullable=False),
        sa.CheckConstraint("delivered >= 0", name="delivered"),
    )
    op.create_table(
        "session_shares",
        _lane(),
        sa.Column("provider", sa.String(63), primary_key=True),
        sa.Column("replica", sa.String(63), primary_key=True),
        sa.Column("sessions", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "suppressions",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("key_id", sa.String(32), primary_key=True),
        sa.Column("campaign", sa.String(63), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("expires", sa.BigInteger),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.CheckConstraint("kind IN ('complaint', 'unsubscribe', 'hard_bounce', 'manual')", name="kind"),
        sa.CheckConstraint("kind IN ('hard_bounce', 'manual') OR expires IS NULL", name="never_expires"),
        sa.CheckConstraint("length(digest) = 32", name="digest"),
    )
    if op.get_bind().dialect.name == "postgresql":
        _restrict()


def downgrade() -> None:
    """Drops them. The role of all campaigns stays: it belongs to the server, and another database may use it."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION suppress, suppressed, check_campaign")
    for table in ("suppressions", *LANE_TABLES, "lanes"):
        op.drop_table(table)


def _lane() -> sa.Column[str]:
    return sa.Column("lane", sa.String(63), sa.ForeignKey("lanes.lane"), primary_key=True)


def _restrict() -> None:
    known = op.get_bind().scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = 'warmlane_campaigns'"))
    if not known:
        op.execute("CREATE ROLE warmlane_campaigns NOLOGIN")
    for table in ("lanes", *LANE_TABLES, "suppressions"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(ROW_POLICIES)
    for table in LANE_TABLES:
        op.execute(LANE_TABLE_POLICY.format(table=table))
    op.execute("GRANT DELETE ON session_shares TO warmlane_campaigns")
    op.execute(FUNCTIONS)
