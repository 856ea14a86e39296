"""The model of a campaign: what `Pulumi.<campaign>.<environment>.yaml` says under `warmlane:campaign`."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AnyHttpUrl, Field, UrlConstraints, model_validator

from warmlane.base import Domain, EmailAddress, ForeignNamespace, Identifier, ImageReference, Model
from warmlane.spool_volumes import VolumeSize

HttpsUrl = Annotated[AnyHttpUrl, UrlConstraints(allowed_schemes=["https"], host_required=True)]


class Plan(StrEnum):
    """The pace of a warm-up; the tables are in `warmlane/warmup/plans.py`."""

    CONSERVATIVE = "conservative"
    MODERATE = "moderate"
    AGGRESSIVE = "aggressive"


class ConsentSource(StrEnum):
    """How the recipients of a list came to agree."""

    CONFIRMED_OPT_IN = "confirmed_opt_in"
    SINGLE_OPT_IN = "single_opt_in"
    EXISTING_CUSTOMERS = "existing_customers"
    TRANSACTIONAL = "transactional"


class Spool(StrEnum):
    """Where a sender keeps its queue (`docs/spool.md`)."""

    HANDOVER = "handover"
    PERSISTENT = "persistent"

    @property
    def loses(self) -> str:
        """Which mail that was accepted can be lost, as a clause."""
        if self is Spool.HANDOVER:
            return (
                "a pod hands its queue to a sibling when it stops, and a lost node, a deletion by force or a pod that "
                "is evicted for its disk loses what waits in it"
            )
        return "each pod keeps its queue on a volume of its own, and a lost or deleted volume loses what waits on it"


class Owner(Model):
    """Who answers for a campaign."""

    team: Annotated[str, Field(min_length=1, max_length=63)] = Field(description="The team that owns the campaign.")
    email: EmailAddress = Field(description="Mailbox of the team, for people who must reach it.")


class RecipientList(Model):
    """Where the recipients come from. Old lists and lists without consent hold the traps."""

    consent_source: ConsentSource = Field(description="How the recipients agreed to get this mail.")
    age_months: Annotated[int, Field(ge=0, le=120)] = Field(
        description="Months since the oldest address of the list was last mailed or confirmed."
    )


class Producer(Model):
    """Pods that may submit mail to the campaign's sender."""

    namespace: ForeignNamespace = Field(
        description="Namespace of the producer's pods; never a campaign's own namespace."
    )
    pod_labels: Annotated[dict[str, str], Field(min_length=1)] = Field(
        description="Labels that the producer's pods carry; all of them must match."
    )


class Sender(Model):
    """The size of a campaign's sender and, where it differs from the environment's, its image."""

    replicas: Annotated[int, Field(ge=1, le=10)] = Field(default=2, description="Pods of the sender.")
    size: Literal["small", "medium", "large"] = Field(
        default="small", description="CPU, memory and spool of one pod; the figures are in `warmlane/sizing.py`."
    )
    image: ImageReference | None = Field(
        default=None, description="Image by digest; unset means the environment's sender image."
    )
    spool_storage: VolumeSize | None = Field(
        default=None,
        description="Size of each pod's volume under `spool: persistent`; unset means the environment's "
        "`spool.storage`. It can't be changed while the sender is there (`docs/spool.md`).",
    )


class Campaign(Model):
    """A campaign: who sends what to whom, how much, and by when."""

    id: Identifier = Field(description="The campaign's id; equals the first part of the stack's name.")
    owner: Owner = Field(description="Who answers for the campaign.")
    sending_domain: Domain = Field(description="Domain of the header From and of the envelope sender.")
    daily_volume: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        description="Target volume, messages/day. The upper end is the highest stage of the published plans."
    )
    wanted_by: date = Field(description="Date by which the daily volume is wanted (ISO 8601, quoted).")
    plan: Plan = Field(default=Plan.MODERATE, description="Pace of the warm-up.")
    recipients: RecipientList = Field(description="Where the recipients come from.")
    unsubscribe_url: HttpsUrl = Field(description="HTTPS page for unsubscribing (RFC 8058).")
    abuse_contact: EmailAddress = Field(description="Where complaints of people are read.")
    producers: Annotated[list[Producer], Field(min_length=1)] = Field(
        description="Pods that may submit mail, by namespace and labels."
    )
    max_backlog_days: Annotated[int, Field(ge=1, le=30)] = Field(
        default=3, description="Days of the coming allowance that mail may wait for; more is deferred at the door."
    )
    sender: Sender = Field(default_factory=Sender, description="Size and image of the sender.")
    spool: Spool = Field(
        default=Spool.HANDOVER,
        description="Where the sender keeps its queue, and so what it can lose (`docs/spool.md`); stated in `prod`.",
    )

    @model_validator(mode="after")
    def producers_differ(self) -> Campaign:
        """The same producer twice is a slip of the pen."""
        seen = [(producer.namespace, tuple(sorted(producer.pod_labels.items()))) for producer in self.producers]
        if len(seen) != len(set(seen)):
            raise ValueError("producers: each namespace and label set may be listed once")
        return self

    @model_validator(mode="after")
    def only_persistent_spools_have_volumes(self) -> Campaign:
        """A size that nothing has says that its writer took the spool for another one."""
        if self.sender.spool_storage is not None and self.spool is not Spool.PERSISTENT:
            raise ValueError(f"sender.spool_storage: spool is {self.spool}, and only persistent has such volumes")
        return self
