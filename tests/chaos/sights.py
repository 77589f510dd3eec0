"""What a plot or a line of numbers shows of a world: faults met, news spoilt, money and seats over time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from tests.chaos.database import Row, moment
from tests.chaos.world import World

Sight = tuple[float, str]
LATE_SECONDS = 2  # Stripe tells whole seconds only


def since(world: World, value: Any) -> float:
    """A stored time in seconds since the storm began."""
    at = moment(value)
    assert isinstance(at, datetime)
    return at.timestamp() - world.notebook.clock.began


def steps(world: World, row: Row) -> list[Sight]:
    """When a booking came into which state."""
    return [(since(world, step["at"]), step["to_status"]) for step in world.transitions_of[row["id"]]]


def faults_met(world: World) -> list[Sight]:
    """When each request was spoilt, and how; requests of one second are spread over it in their order."""
    whole = defaultdict(list)
    for request in world.requests:
        whole[int(request["at"])].append(request)
    return [
        (second + place / len(requests) - world.notebook.clock.began, request["fault"])
        for second, requests in whole.items()
        for place, request in enumerate(requests)
        if request["fault"] and request["fault"] != "latency"
    ]


def news_spoilt(world: World) -> Iterator[Sight]:
    """When each delivery went wrong, and how."""
    arrived: set[str] = set()
    created = {event["id"]: event["created"] for event in world.events}
    for one in sorted(world.deliveries, key=lambda one: one["at"]):
        at, event = one["at"] - world.notebook.clock.began, one["event"]
        if one["as"] != "itself":
            yield at, f"webhook: {one['as'].replace('_', ' ')}"
        elif one["state"] == "dropped":
            yield at, "webhook: lost"
        elif one["state"] in ("failed", "given_up"):
            yield at, "webhook: no answer"
        elif event in arrived:
            yield at, "webhook: repeated"
        else:
            arrived.add(event)
            if one["at"] - created[event] > LATE_SECONDS:
                yield at, "webhook: late"


def payments_received(world: World) -> list[tuple[float, float]]:
    """When Stripe received how much."""
    succeeded = [event for event in world.events if event["type"] == "payment_intent.succeeded"]
    amounts = {event["id"]: event["data"]["object"]["amount_received"] / 100 for event in succeeded}
    first: dict[str, float] = {}
    for one in world.deliveries:
        if one["type"] == "payment_intent.succeeded":
            first[one["event"]] = min(one["at"] - world.notebook.clock.began, first.get(one["event"], one["at"]))
    return [(at, amounts[event]) for event, at in first.items()]


def seat_changes(world: World, row: Row) -> Iterator[tuple[float, float]]:
    """When a booking took a seat, and when it gave it back."""
    holds = False
    for at, status in steps(world, row):
        if (status in ("pending", "paid")) != holds:
            holds = not holds
            yield at, 1 if holds else -1


def summed(changes: Iterable[tuple[float, float]], until: float) -> tuple[list[float], list[float]]:
    """The running sum of changes, from the beginning to the end."""
    at, sums = [0.0], [0.0]
    for when, change in sorted(changes):
        at.append(when)
        sums.append(sums[-1] + change)
    return [*at, until], [*sums, sums[-1]]
