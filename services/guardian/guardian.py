"""One look after another: hear what people decided, read, decide, save, and bring the cluster to what was decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Engine

from services.guardian import holds, memory
from services.guardian.holds import Held
from services.guardian.kubernetes import Api, Away, Refused
from services.guardian.memory import Memory
from services.guardian.prometheus import Prometheus, Silent
from services.guardian.returned import NOTHING, returned
from services.guardian.signals import About, look
from warmlane import names
from warmlane.feedback import holding
from warmlane.feedback.cycle import cycle
from warmlane.feedback.decision import Decision
from warmlane.feedback.evidence import OPEN_DAYS
from warmlane.hold import Level
from warmlane.pacing.moments import UTC_DAY, moment

LEASES = f"/api/v1/namespaces/{names.PLATFORM_NAMESPACE}/configmaps/{names.LEASE_TABLE_CONFIG_MAP}"


@dataclass
class Cycle:
    """What a cycle did, for metrics and people."""

    decisions: list[Decision] = field(default_factory=list)
    written: list[tuple[str, str]] = field(default_factory=list)
    """Campaign, and what of its hold was written."""
    problems: list[str] = field(default_factory=list)
    """What could not be asked or written; it is tried again in the next cycle."""
    levels: list[Level] = field(default_factory=list)
    """Where each campaign stands."""
    behind: bool = False
    """Whether there is more of the past to read: look again at once."""


class Guardian:
    """The loop's body. It may be killed anywhere: a new one goes on from what was saved and what stands."""

    def __init__(
        self,
        api: Api,
        prometheus: Prometheus,
        engine: Engine,
        *,
        day_length: int = UTC_DAY,
        dry_run: bool = False,
        may_act: Callable[[], bool] = lambda: True,
    ) -> None:
        """With `dry_run` it decides and saves, but holds nothing. `may_act` is asked before each campaign's turn."""
        self._api, self._prometheus, self._engine = api, prometheus, engine
        self._day_length, self._dry_run, self._may_act = day_length, dry_run, may_act
        self._memory: Memory | None = None

    def look(self, now: float) -> Cycle:
        """One cycle at `now`, seconds since 1970 UTC.

        Raises Refused or Away where the lease table can't be read, StoreUnavailable and Overtaken where nothing was
        saved; then nothing was done, either.
        """
        done = Cycle()
        campaigns = self._campaigns()
        known = self._memory if self._memory is not None else memory.load(self._engine)
        # What fails from here on is loaded anew: accounts are changed in place.
        self._memory = None
        held = self._held(campaigns, done)
        for campaign, there in held.items():
            self._hear(known, campaign, there, now, done)
        self._decide(known, campaigns, now, done)
        done.levels = [known.fleet.campaigns[campaign].standing.level for campaign in held]
        for decision in done.decisions:
            known.reasons[decision.subject] = _reason(decision)
        memory.save(self._engine, known, done.decisions)
        self._memory = known
        if not self._dry_run:
            self._act(known, held, now, done)
        return done

    def _campaigns(self) -> list[str]:
        """Those that hold a lane: nobody else can be stopped, whatever a label or an alert says."""
        table = self._api.request("GET", LEASES)
        return sorted(campaign for campaign in (table.get("data") or {}).values() if campaign)

    def _held(self, campaigns: list[str], done: Cycle) -> dict[str, Held]:
        found = dict[str, Held]()
        for campaign in campaigns:
            try:
                found[campaign] = holds.read(self._api, campaign)
            except (Refused, Away) as error:
                done.problems.append(f"{campaign}: its hold can't be read: {error}")
        return found

    def _hear(self, known: Memory, campaign: str, held: Held, now: float, done: Cycle) -> None:
        record, states = held.standing, known.fleet.campaigns
        if campaign not in states:
            states[campaign] = holding.taken_over(record, now)
        elif record is not None and record.sequence > known.heard.get(campaign, 0):
            states[campaign], decision = holding.heard(states[campaign], campaign, record, now)
            done.decisions += [decision] if decision is not None else []
        if record is not None:
            known.heard[campaign] = max(record.sequence, known.heard.get(campaign, 0))

    def _decide(self, known: Memory, campaigns: list[str], now: float, done: Cycle) -> None:
        states = known.fleet.campaigns
        # Each campaign counts as an organisation of its own until its sending domain is read here.
        back = returned(self._engine, moment(now, self._day_length).day - OPEN_DAYS)
        about = {
            each: About(states[each].release, each, back=back.get(each, NOTHING))
            for each in campaigns
            if each in states
        }
        try:
            seen = look(self._prometheus, known.accounts, known.through, about, now, self._day_length)
        except Silent as error:
            done.problems.append(str(error))
            return
        known.through, done.behind = seen.through, seen.through < now
        known.fleet, decisions = cycle(known.fleet, seen.readings.values(), now, self._day_length)
        done.decisions += decisions

    def _act(self, known: Memory, held: dict[str, Held], now: float, done: Cycle) -> None:
        for campaign, there in held.items():
            if not self._may_act():
                done.problems.append("the Lease was not renewed in time; another guardian may act")
                return
            standing = known.fleet.campaigns[campaign].standing
            try:
                reason = known.reasons.get(campaign, "Taken over by the guardian as it stood.")
                parts = holds.settle(self._api, campaign, there, standing, reason, now)
            except (Refused, Away) as error:
                done.problems.append(f"{campaign}: its hold can't be written: {error}")
                continue
            done.written += [(campaign, part) for part in parts]


def _reason(decision: Decision) -> str:
    """One line for the producers, who read it in an SMTP answer: it names no person."""
    if "reason" in decision.inputs:
        return str(decision.inputs["reason"])
    figures = ", ".join(f"{name} {value}" for name, value in decision.inputs.items())
    return f"Rule {decision.rule}" + (f" ({figures})." if figures else ".")
