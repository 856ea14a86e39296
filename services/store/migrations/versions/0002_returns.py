"""Return tokens, what came back for each, and how much of it by the day of sending; the intake's rights."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# A campaign says what its own tokens stand for, and when they were tried. What came back is not its to say.
CAMPAIGNS = """
ALTER TABLE return_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE returned ENABLE ROW LEVEL SECURITY;
ALTER TABLE return_counts ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_campaign ON return_tokens TO warmlane_campaigns
    USING (current_user = 'campaign_' || campaign)
    WITH CHECK (current_user = 'campaign_' || campaign AND lane IN (SELECT lanes.lane FROM lanes));
GRANT SELECT, INSERT, UPDATE (day, sent) ON return_tokens TO warmlane_campaigns;
"""

# The intake faces the internet: whoever takes it over can ask for tokens that it has seen and no others, lists no
# recipient, and suppresses only whom such a token names.
FUNCTIONS = """
CREATE FUNCTION mailed(token bytea) RETURNS TABLE (campaign varchar, lane varchar, provider varchar, day bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT known.campaign, known.lane, known.provider, known.day FROM public.return_tokens AS known
    WHERE known.id = token
$$;

CREATE FUNCTION book_return(token bytea, came text, of_class text, suppress_as text, by_report text, at bigint)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    known public.return_tokens%ROWTYPE;
BEGIN
    SELECT * INTO known FROM public.return_tokens AS row WHERE row.id = token FOR SHARE;
    IF NOT FOUND THEN
        RETURN 'unknown';
    END IF;
    INSERT INTO public.returned (token, kind, report) VALUES (token, came, by_report) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN (SELECT CASE WHEN held.report = by_report THEN 'again' ELSE 'replayed' END FROM public.returned AS held
                WHERE held.token = book_return.token AND held.kind = came);
    END IF;
    INSERT INTO public.return_counts AS held (campaign, lane, provider, day, kind, class, count)
    VALUES (known.campaign, known.lane, known.provider, known.day, came, of_class, 1)
    ON CONFLICT ON CONSTRAINT return_counts_pkey DO UPDATE SET count = held.count + 1;
    IF suppress_as IS NOT NULL THEN
        PERFORM public.suppress('', known.key_id, known.digest, suppress_as, NULL, at);
    END IF;
    RETURN 'booked';
END $$;

-- Not before 35 days have passed, whatever the caller's clock says.
CREATE FUNCTION forget_returns(before bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM public.return_tokens AS old
    WHERE old.sent < least(before, extract(epoch FROM clock_timestamp())::bigint - 35 * 86400);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

REVOKE EXECUTE ON FUNCTION mailed, book_return, forget_returns FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mailed, book_return, forget_returns TO warmlane_intake;
CREATE POLICY all_counts ON return_counts TO warmlane_intake USING (true);
GRANT SELECT ON return_counts TO warmlane_intake;
"""


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "return_tokens",
        sa.Column("id", sa.LargeBinary, primary_key=True),
        sa.Column("campaign", sa.String(63), nullable=False),
        sa.Column("lane", sa.String(63), nullable=False),
        sa.Column("provider", sa.String(63), nullable=False),
        sa.Column("day", sa.BigInteger, nullable=False),
        sa.Column("sent", sa.BigInteger, nullable=False),
        sa.Column("key_id", sa.String(32), nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("length(id) = 14", name="id"),
        sa.CheckConstraint("length(digest) = 32", name="digest"),
    )
    op.create_index("ix_return_tokens_sent", "return_tokens", ["sent"])
    op.create_table(
        "returned",
        sa.Column(
            "token",
            sa.LargeBinary,
            sa.ForeignKey("return_tokens.id", name="returned_token", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("report", sa.String(64), nullable=False),
        sa.CheckConstraint("kind IN ('bounce', 'complaint', 'not-spam')", name="kind"),
    )
    op.create_table(
        "return_counts",
        sa.Column("campaign", sa.String(63), primary_key=True),
        sa.Column("lane", sa.String(63), primary_key=True),
        sa.Column("provider", sa.String(63), primary_key=True),
        sa.Column("day", sa.BigInteger, primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("class", sa.String(32), primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.CheckConstraint("count > 0", name="count"),
    )
    if op.get_bind().dialect.name == "postgresql":
        _restrict()


def downgrade() -> None:
    """Drops them. The intake's role stays: it belongs to the server, and another database may use it."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION mailed, book_return, forget_returns")
    for table in ("return_counts", "returned", "return_tokens"):
        op.drop_table(table)


def _restrict() -> None:
    known = op.get_bind().scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = 'warmlane_intake'"))
    if not known:
        op.execute("CREATE ROLE warmlane_intake NOLOGIN")
    op.execute(CAMPAIGNS)
    op.execute(FUNCTIONS)
