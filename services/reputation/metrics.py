"""The exporter's metrics, by address and by domain. What is not known has no value; it is never a zero.

A page holds, for each lane and domain, at most one line a blocklist and state, one a confirmed list, and the sources'
figures. Free text is no label, and neither is a key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from services.reputation.figures import Figures
from services.reputation.records import DnsRecords
from services.reputation.sources.source import Outcome
from services.reputation.sweep import Sweeps
from warmlane.reputation.config import Watched
from warmlane.reputation.standing import Standing
from warmlane.reputation.weighing import weigh
from warmlane.reputation.zones import Kind, zones

WHO = ["campaign", "lane", "kind", "subject"]
Who = tuple[str, str, str, str]


def watched_subjects(watched: Watched) -> Iterator[Who]:
    """Campaign, lane, kind and subject of all that is watched; a free lane has no campaign, a domain its lane's."""
    lanes = {lane.campaign: name for name, lane in watched.lanes.items() if lane.campaign}
    for name, lane in watched.lanes.items():
        yield lane.campaign or "", name, Kind.ADDRESS, str(lane.address)
    for campaign, domain in watched.domains.items():
        yield campaign, lanes.get(campaign, ""), Kind.DOMAIN, domain


def _gauge(name: str, text: str, labels: list[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"reputation_{name}", text, labels=labels)


class ReputationCollector(Collector):
    """Turns what was found into metric families at each scrape."""

    def __init__(self, watched: Watched, sweeps: Sweeps, records: DnsRecords, figures: Figures) -> None:
        self.watched = watched
        self._sweeps, self._records, self._figures = sweeps, records, figures

    def collect(self) -> Iterable[Metric]:
        """The families, in a fixed order."""
        who = list(watched_subjects(self.watched))
        yield from self._zones()
        yield from self._listings(who)
        yield from self._published(who)
        yield from self._reported(who)

    def _zones(self) -> Iterator[Metric]:
        state = _gauge(
            "zone_state", "A blocklist's own state by its test points: clean means usable.", ["zone", "state"]
        )
        asked = CounterMetricFamily("reputation_zone_queries", "Questions to a blocklist.", labels=["zone"])
        left = _gauge("zone_subjects_left_out", "Subjects that the budget left to the next sweep.", ["zone"])
        for name, answer in self._sweeps.zones.items():
            state.add_metric([name, answer.state], 1)
            asked.add_metric([name], self._sweeps.asked[name])
            left.add_metric([name], self._sweeps.left_out.get(name, 0))
        swept = _gauge("sweep_timestamp_seconds", "When the last sweep of blocklists ended.", [])
        looked = _gauge("dns_timestamp_seconds", "When reverse names and authentication were last looked at.", [])
        if self._sweeps.ended is not None:
            swept.add_metric([], self._sweeps.ended)
        if self._records.looked is not None:
            looked.add_metric([], self._records.looked)
        return iter([state, asked, left, swept, looked])

    def _listings(self, who: list[Who]) -> Iterator[Metric]:
        state = _gauge(
            "answer", "A blocklist's newest answer (listed, clean, unknown, broken).", [*WHO, "zone", "state"]
        )
        since = _gauge("answer_timestamp_seconds", "When it last said listed or clean.", [*WHO, "zone"])
        listed = _gauge("listing", "A list that two answers in a row named.", [*WHO, "zone", "list", "means"])
        operator = _gauge(
            "operator_listed", "Whether an operator confirms spam: 1 or 0; absent while unknown.", [*WHO, "operator"]
        )
        points = _gauge("listing_points", "Points of confirmed spam listings; listings may act from 4.", WHO)
        for one in who:
            standings = self._standings(one)
            for zone, standing in standings.items():
                state.add_metric([*one, zone, standing.state], 1)
                if standing.answered is not None:
                    since.add_metric([*one, zone], standing.answered)
                for entry in sorted(standing.confirmed, key=lambda entry: entry.name):
                    listed.add_metric([*one, zone, entry.name, entry.means], 1)
            weighed = weigh(zones(), standings)
            for name, spam in weighed.operators.items():
                operator.add_metric([*one, name], float(spam))
            if weighed.operators:
                points.add_metric(list(one), weighed.points)
        return iter([state, since, listed, operator, points])

    def _standings(self, who: Who) -> dict[str, Standing]:
        found = {zone: standings.get(who[3]) for zone, standings in self._sweeps.standings.items()}
        return {zone: standing for zone, standing in found.items() if standing is not None}

    def _published(self, who: list[Who]) -> Iterator[Metric]:
        names = _gauge("reverse_dns", "Whether address, PTR and HELO name agree.", [*WHO, "state"])
        records = _gauge("authentication", "Whether a domain's record is published.", [*WHO, "mechanism", "state"])
        for one in who:
            if one[2] == Kind.ADDRESS and one[1] in self._records.lanes:
                names.add_metric([*one, self._records.lanes[one[1]]], 1)
            elif one[2] == Kind.DOMAIN:
                for mechanism, found in self._records.domains.get(one[3], {}).items():
                    records.add_metric([*one, mechanism, found], 1)
        return iter([names, records])

    def _reported(self, who: list[Who]) -> Iterator[Metric]:
        state = _gauge("source_state", "How the last question to a source ended.", [*WHO, "source", "state"])
        value = _gauge("source_value", "A source's figure of its newest day.", [*WHO, "source", "measure"])
        day = _gauge("source_day_timestamp_seconds", "Begin (UTC) of the day its figures are of.", [*WHO, "source"])
        for one in who:
            for source, reports in self._figures.reports.items():
                report = reports.get(one[3])
                if report is None:
                    continue
                state.add_metric([*one, source, report.outcome], 1)
                if report.day is not None:
                    day.add_metric([*one, source], datetime.combine(report.day, time(), UTC).timestamp())
                if report.outcome is Outcome.VALUE:
                    for measure, number in report.figures:
                        value.add_metric([*one, source, measure], number)
        return iter([state, value, day])
