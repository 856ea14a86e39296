"""The store's tables. Times are seconds since 1970 UTC; sending days are counted as `warmlane.pacing.moments` does."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ID_LENGTH = 63
WHOLE_ORGANISATION = ""
"""In `suppressions.campaign`: no campaign of the organisation may mail the recipient."""


class Base(DeclarativeBase):
    """Names every constraint, so that a migration can name it, too."""

    metadata = MetaData(naming_convention={"ck": "%(table_name)s_%(constraint_name)s", "fk": "%(table_name)s_lane"})
    type_annotation_map = {int: BigInteger, bytes: LargeBinary}


class Lane(Base):
    """A lane, who holds it, and what lay behind it before its counters began. A lane without a row sends nothing."""

    __tablename__ = "lanes"

    lane: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    campaign: Mapped[str | None] = mapped_column(String(ID_LENGTH), unique=True)
    base_sending_days: Mapped[int] = mapped_column(default=0)
    base_day: Mapped[int | None]
    base_messages: Mapped[int] = mapped_column(default=0)
    last_day: Mapped[int | None]
    """The latest day for which tokens were given: no earlier day opens again, whatever a clock says."""


class SendingHour(Base):
    """Tokens that were given for a lane and a mailbox provider in a sending hour (1 to 24)."""

    __tablename__ = "sending_hours"
    __table_args__ = (CheckConstraint("tokens >= 0", name="tokens"),)

    lane: Mapped[str] = mapped_column(ForeignKey("lanes.lane"), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True)
    hour: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tokens: Mapped[int]


class SendingDay(Base):
    """What mailbox providers took of the attempts that were made by a day's tokens."""

    __tablename__ = "sending_days"
    __table_args__ = (CheckConstraint("delivered >= 0", name="delivered"),)

    lane: Mapped[str] = mapped_column(ForeignKey("lanes.lane"), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True)
    delivered: Mapped[int]


class SessionShare(Base):
    """Sessions that a replica may have open at a mailbox provider until the share expires."""

    __tablename__ = "session_shares"

    lane: Mapped[str] = mapped_column(ForeignKey("lanes.lane"), primary_key=True)
    provider: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    replica: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    sessions: Mapped[int]
    expires: Mapped[int]


class Suppression(Base):
    """A recipient, as a keyed hash, that the organisation or one campaign may not mail."""

    __tablename__ = "suppressions"
    __table_args__ = (
        CheckConstraint("kind IN ('complaint', 'unsubscribe', 'hard_bounce', 'manual')", name="kind"),
        CheckConstraint("kind IN ('hard_bounce', 'manual') OR expires IS NULL", name="never_expires"),
        CheckConstraint("length(digest) = 32", name="digest"),
    )

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    key_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    campaign: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    expires: Mapped[int | None]
    created: Mapped[int]


class ReturnToken(Base):
    """A message to one recipient by the id in its return token: what a bounce or a complaint of it counts for."""

    __tablename__ = "return_tokens"
    __table_args__ = (
        CheckConstraint("length(id) = 14", name="id"),
        CheckConstraint("length(digest) = 32", name="digest"),
        Index("ix_return_tokens_sent", "sent"),
    )

    id: Mapped[bytes] = mapped_column(primary_key=True)
    campaign: Mapped[str] = mapped_column(String(ID_LENGTH))
    lane: Mapped[str] = mapped_column(String(ID_LENGTH))
    provider: Mapped[str] = mapped_column(String(ID_LENGTH))
    day: Mapped[int]
    """The sending day of its latest try."""
    sent: Mapped[int]
    """When it was tried last, or made if it was not tried yet."""
    key_id: Mapped[str] = mapped_column(String(32))
    digest: Mapped[bytes]


class Returned(Base):
    """That something of a kind came back for a token: it counts once."""

    __tablename__ = "returned"
    __table_args__ = (CheckConstraint("kind IN ('bounce', 'complaint', 'not-spam')", name="kind"),)

    token: Mapped[bytes] = mapped_column(
        ForeignKey("return_tokens.id", name="returned_token", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    report: Mapped[str] = mapped_column(String(64))
    """The report that was counted, by its name in the intake's spool."""


class ReturnCount(Base):
    """What came back, by the day of sending. It stays when the tokens have grown old."""

    __tablename__ = "return_counts"
    __table_args__ = (CheckConstraint("count > 0", name="count"),)

    campaign: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    lane: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    provider: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    class_: Mapped[str] = mapped_column("class", String(32), primary_key=True)
    count: Mapped[int]


class GuardianState(Base):
    """What the guardian knows, as JSON: of a campaign, or (`""`) of the whole environment.

    The environment's row counts cycles: who saves a cycle names the one that it began with, so that of two guardians
    one is refused.
    """

    __tablename__ = "guardian_state"

    campaign: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    cycle: Mapped[int]
    document: Mapped[str] = mapped_column(Text)


class GuardianDecision(Base):
    """What the guardian decided, by rule, figures and bounds, as JSON; saved with the state that it led to."""

    __tablename__ = "guardian_decisions"
    __table_args__ = (Index("ix_guardian_decisions_subject", "subject", "cycle"),)

    cycle: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    """From 0, in the order of the cycle."""
    subject: Mapped[str] = mapped_column(String(2 * ID_LENGTH))
    document: Mapped[str] = mapped_column(Text)
