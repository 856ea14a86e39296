"""Runs the demo and prints its table."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from cli.cluster import Cluster
from cli.demo import count, producers
from cli.engine import Engine, Run
from cli.events import Record
from cli.outcome import Code, Misused, WorldFailed
from cli.output import Output
from cli.stacks import campaign_stack, environment_stack
from lab import images, receivers, settings
from lab.network import router_drops
from warmlane import names
from warmlane.campaign import Campaign
from warmlane.environment import Environment

DELIVERY_SECONDS = 180
"""How long delivery of all messages may take; a message that is deferred is tried again after some minutes."""
COUNT_SECONDS = 120
"""How long Prometheus may take to discover a new sender and to read it twice."""
STEP_SECONDS = 1.0


def run(
    engine: Engine, output: Output, environment: Environment, campaigns: Mapping[str, Campaign], messages: int
) -> Code:
    """Sends `messages` through each campaign's sender and shows what arrived. Raises Stop."""
    if environment.cluster.context != settings.KUBE_CONTEXT:
        raise Misused(
            "The demo sends to the lab's own receivers, and this environment is not the lab's.",
            "Run it with --environment dev, after `make up`.",
        )
    if not campaigns:
        raise Misused("There is no campaign to send for.", "Add one; README.md says how.")
    cluster = Cluster(environment.cluster.context, engine.variables)
    lanes = engine.outputs(environment_stack(engine.environment)).get("lanes") or {}
    passwords = json.loads((engine.repository / str(environment.secrets_file)).read_text())["submission"]
    began, drops_before = time.time(), router_drops()
    run_id = f"demo-{int(began)}"
    with ThreadPoolExecutor(max_workers=len(campaigns) + 1) as pool:
        previews = pool.submit(_previews, engine, list(campaigns))
        producers.ensure(cluster, campaigns.values(), images.ensure(output.note)["producer"].reference)
        before = cluster.query(names.MONITORING_NAMESPACE, count.DELIVERED)
        output.note(f"sending {messages} messages through each of {len(campaigns)} senders")
        addresses = count.recipients(messages, list(settings.RECEIVERS), run_id)
        sent = {
            id_: pool.submit(producers.submit, cluster, campaign, passwords[id_], run_id, addresses)
            for id_, campaign in campaigns.items()
        }
        submitted = {id_: future.result() for id_, future in sent.items()}
        _raise_unsubmitted(submitted, messages)
        _wait(DELIVERY_SECONDS, lambda: _all_received(began, run_id, messages * len(campaigns)))
        received = count.of_run(receivers.received(began), run_id)
        _wait(COUNT_SECONDS, lambda: all(_counted(cluster, before).get(id_, 0) >= messages for id_ in campaigns))
        judged = previews.result()
    counted = _counted(cluster, before)
    rows = list[count.Row]()
    for id_, campaign in campaigns.items():
        lane = environment.leases[id_].lane
        record = judged[id_].record
        receipts = received.get(campaign.sending_domain, [])
        rows.append(
            count.Row(
                campaign=id_,
                lane=lane,
                address=str((lanes.get(lane) or {}).get("address", "")),
                sources=count.sources(receipts),
                submitted=submitted[id_][0],
                received=len(receipts),
                counted=counted.get(id_, 0),
                policies_passed=len(record.policies_passed),
                policies=len(record.policies_passed) + len(record.policies_broken),
            )
        )
    drops = router_drops()
    output.table(f"{messages} messages through each sender", count.COLUMNS, [row.cells for row in rows])
    output.note(
        f"router drops: {drops - drops_before} in this run, {drops} since the lab came up "
        "(packets to port 25 whose source is no lane's address)"
    )
    complaints = [text for row in rows for text in row.complaints(messages)]
    complaints += [f"{id_}: its preview is {run.code.name.lower()}." for id_, run in judged.items() if run.code]
    for text in complaints:
        output.note(text)
    advice = ADVICE if complaints else ""
    if advice:
        output.note(advice)
    code = Code.FAILED if complaints else Code.FINE
    output.document(
        "demo",
        code,
        messages=messages,
        campaigns=[row.facts for row in rows],
        router_drops={"run": drops - drops_before, "total": drops},
        complaints=complaints,
        advice=advice,
    )
    return code


ADVICE = (
    "See `kubectl -n campaign-<id> logs deployment/email-sender-campaign-<id> -c email-sender` for what the "
    "senders say, and `warmlane lab status` for the lab; then run `warmlane demo` again."
)


def _previews(engine: Engine, campaigns: list[str]) -> dict[str, Run]:
    """What the policy pack says of each campaign as it is now."""
    stacks = {id_: campaign_stack(id_, engine.environment) for id_ in campaigns}
    return {id_: engine.run(stack, "preview", on_event=_unseen) for id_, stack in stacks.items()}


def _unseen(record: Record) -> None:
    """Nobody watches these previews: they run while the mail is on its way."""


def _raise_unsubmitted(submitted: Mapping[str, tuple[int, str | None]], messages: int) -> None:
    failed = [
        f"{id_}: the sender took {number} of {messages} messages, then: {error}"
        for id_, (number, error) in submitted.items()
        if error
    ]
    if failed:
        raise WorldFailed("\n".join(failed), ADVICE)


def _all_received(began: float, run_id: str, messages: int) -> bool:
    found = count.of_run(receivers.received(began), run_id)
    return sum(len(receipts) for receipts in found.values()) >= messages


def _counted(cluster: Cluster, before: count.Series) -> dict[str, int]:
    return count.risen(before, cluster.query(names.MONITORING_NAMESPACE, count.DELIVERED))


def _wait(seconds: float, done: Callable[[], bool]) -> None:
    """Until it is done or the time is over; what is missing then shows in the table."""
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(STEP_SECONDS)
