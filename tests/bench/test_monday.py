"""The simulated Monday: the same each time, and slow for the reason that was put into it."""

from dataclasses import replace

import pytest

from bench.scaling.monday import OPERATION, Chain, Costs, Machines, Monday, Outcome, doublings
from bench.scaling.queues import Day, Give, Request, Resource, Take

COSTS = Costs(
    read_web=6,
    read_database=1.5,
    credit_web=9,
    credit_database=3,
    card_web=16,
    card_database=6,
    webhook_web=8,
    webhook_database=3,
    commit=2,
)
WIDE = Machines(processes=64, threads=64, database_cores=64, stripe_operation=10_000, stripe_account=10_000)


def opened(machines: Machines, studios: int = 20, costs: Costs = COSTS, **more: float) -> Outcome:
    return Monday(costs, machines, replace(Chain(studios), **more)).run()


def test_a_line_is_served_in_the_order_in_which_it_came() -> None:
    day, counter, served = Day(), Resource("counter", 1), []

    def customer(name: str) -> Request:
        yield Take(counter)
        yield 2.0
        served.append((name, day.now))
        yield Give(counter)

    for name, moment in (("Ben", 1.0), ("Ana", 0.0), ("Carla", 1.5)):
        day.at(moment, customer(name))
    day.run(100)
    assert served == [("Ana", 2.0), ("Ben", 4.0), ("Carla", 6.0)]
    assert (counter.waited, counter.busy, counter.free) == (1.0 + 2.5, 6.0, 1)


def test_the_same_record_gives_the_same_monday_and_everybody_is_booked() -> None:
    first, second = opened(Machines()), opened(Machines())
    assert (first.took, first.waited) == (second.took, second.waited)
    assert len(first.took) == first.wanted == 20 * Chain(20).bookings


@pytest.mark.parametrize(
    ("machines", "more", "name"),
    [
        (WIDE, {}, "none"),
        (replace(WIDE, stripe_operation=1), {"by_card": 1.0}, OPERATION),
        (replace(WIDE, processes=1, threads=1), {"by_card": 1.0}, "web threads"),
        (replace(WIDE, processes=1, threads=10_000), {"by_card": 0.0, "bookings": 60}, "web processors"),
        (replace(WIDE, processes=1, threads=8), {"by_card": 0.0, "bookings": 60}, "web processors"),
        (replace(WIDE, commit_factor=500.0), {"by_card": 0.0, "bookings": 40}, "one session's row"),
    ],
    ids=["nothing", "Stripe", "threads", "processors", "threads that wait for processors", "a hot session"],
)
def test_the_first_bottleneck_is_what_was_made_narrow(machines: Machines, more: dict[str, float], name: str) -> None:
    assert opened(machines, **more).first_bottleneck == name


def test_a_database_that_is_slow_is_the_bottleneck_and_a_replica_takes_the_schedule_from_it() -> None:
    narrow, costs = replace(WIDE, database_cores=1), replace(COSTS, read_database=40)
    alone = opened(narrow, costs=costs)
    assert alone.first_bottleneck == "primary's processors"
    assert opened(replace(narrow, replica_cores=1), costs=costs).percentile(0.99) < alone.percentile(0.99)


def test_only_twice_of_what_is_narrow_helps() -> None:
    narrow = replace(WIDE, stripe_operation=1)
    chain = replace(Chain(8), by_card=1.0)
    before = Monday(COSTS, narrow, chain).run().percentile(0.99)
    after = {name: one.percentile(0.99) for name, one in doublings(COSTS, narrow, chain).items()}
    assert after.pop("twice the stripe operation") < 0.7 * before
    assert all(seconds > 0.9 * before for seconds in after.values()), after
