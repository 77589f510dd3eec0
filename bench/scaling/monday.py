"""Monday, 07:00: the bookings of a chain open, and everybody comes at once. Seeded; no clock, no network, no database.

What one request costs is read from the record of the measurement; what the studios and the machines are like is
assumed, here, in one place, and stands on the page.
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, replace

from bench.scaling.queues import Allowance, Day, Give, Request, Resource, Take

SEED = 7
OPENING_SECONDS = 60.0
PATIENCE_SECONDS = 600.0
OPERATION, ACCOUNT = "Stripe, 25/s an operation", "Stripe, 100/s an account"


@dataclass(frozen=True)
class Costs:
    """Milliseconds of one request, as they were measured."""

    read_web: float
    read_database: float
    credit_web: float
    credit_database: float
    card_web: float
    card_database: float
    webhook_web: float
    webhook_database: float
    commit: float


@dataclass(frozen=True)
class Machines:
    """What serves them: web processes with a core and some threads each, one primary, perhaps a replica."""

    processes: int = 16
    threads: int = 8
    database_cores: int = 8
    replica_cores: int = 0
    commit_factor: float = 1.0
    stripe_operation: int = 25
    stripe_account: int = 100


@dataclass(frozen=True)
class Chain:
    """So many studios in one database with one Stripe account, and what comes in the first minute at each."""

    studios: int
    bookings: int = 12
    sessions: int = 3
    by_card: float = 0.4
    reads_per_booking: int = 4
    anonymous: float = 0.5
    stripe_milliseconds: float = 400.0
    pays_after_seconds: float = 20.0
    asks_again_seconds: float = 5.0


@dataclass
class Outcome:
    """How long it took to be answered with a booking, and where everybody waited."""

    wanted: int
    took: list[float]
    waited: dict[str, float]
    used: dict[str, float]
    refused_by_stripe: int

    @property
    def first_bottleneck(self) -> str:
        """Where most time was lost; none while that is less than a tenth of a second a booking."""
        name = max(self.waited, key=lambda one: self.waited[one])
        return name if self.waited[name] / max(self.wanted, 1) > 0.1 else "none"

    def percentile(self, share: float) -> float:
        """Seconds in which so many of those who wanted a seat were answered; those who never were count as never."""
        ranked = sorted(self.took) + [PATIENCE_SECONDS] * (self.wanted - len(self.took))
        return ranked[min(int(share * len(ranked)), len(ranked) - 1)] if ranked else 0.0


class Monday:
    """One opening."""

    def __init__(self, costs: Costs, machines: Machines, chain: Chain) -> None:
        self.day, self.random = Day(), random.Random(SEED)
        self.costs, self.chain = costs, chain
        self.threads = Resource("web threads", machines.processes * machines.threads)
        self.web = Resource("web processors", machines.processes)
        self.primary = Resource("primary's processors", machines.database_cores)
        self.replica = Resource("replica's processors", machines.replica_cores) if machines.replica_cores else None
        self.hot = [Resource("one session's row", 1) for _ in range(chain.studios * chain.sessions)]
        self.commit = costs.commit * machines.commit_factor
        self.operation, self.account = Allowance(machines.stripe_operation), Allowance(machines.stripe_account)
        self.waited_for_stripe = {OPERATION: 0.0, ACCOUNT: 0.0}
        self.took: list[float] = []
        self.refused = 0

    def run(self) -> Outcome:
        """Everybody comes; half of them in the first fifth of a minute."""
        chain, wanted = self.chain, 0
        for studio in range(chain.studios):
            for _ in range(chain.bookings):
                arrives = min(self.random.expovariate(3.5 / OPENING_SECONDS), OPENING_SECONDS)
                row = self.hot[studio * chain.sessions + self.random.randrange(chain.sessions)]
                for number in range(chain.reads_per_booking):
                    self.day.at(arrives + 0.5 * number, self._read(self.random.random() < chain.anonymous))
                by_card = self.random.random() < chain.by_card
                begins = arrives + 0.5 * chain.reads_per_booking
                self.day.at(begins, self._by_card(begins, row) if by_card else self._credits(begins, row))
                wanted += 1
        self.day.run(PATIENCE_SECONDS)
        return self._outcome(wanted)

    def _outcome(self, wanted: int) -> Outcome:
        here = [one for one in (self.threads, self.web, self.primary, self.replica) if one]
        waited = {one.name: one.waited for one in here} | self.waited_for_stripe
        # Who waits for a thread waits for what those are busy with that have one.
        for one in here[1:]:
            share = (one.waited + one.busy) / self.threads.busy
            waited[one.name] += share * self.threads.waited
            waited[self.threads.name] -= share * self.threads.waited
        waited["one session's row"] = sum(one.waited for one in self.hot)
        used = {one.name: one.busy / one.places / OPENING_SECONDS for one in here}
        return Outcome(wanted, self.took, waited, used, self.refused)

    def _read(self, anonymous: bool) -> Request:
        yield Take(self.threads)
        yield from _on(self.web, self.costs.read_web)
        yield from _on(self.replica if self.replica and anonymous else self.primary, self.costs.read_database)
        yield Give(self.threads)

    def _credits(self, began: float, row: Resource) -> Request:
        yield Take(self.threads)
        yield from _on(self.web, self.costs.credit_web)
        yield from _on(self.primary, self.costs.credit_database)
        yield from _on(row, self.commit)
        yield Give(self.threads)
        self.took.append(self.day.now - began)

    def _by_card(self, began: float, row: Resource) -> Request:
        """The hold is committed once; who is refused for Stripe's limit asks again, and the same hold goes on."""
        held = False
        while True:
            yield Take(self.threads)
            yield from _on(self.web, self.costs.card_web)
            yield from _on(self.primary, self.costs.card_database)
            if not held:
                yield from _on(row, self.commit)
                held = True
            granted = self._asks_stripe()
            yield (self.chain.stripe_milliseconds if granted else 100.0) / 1000
            yield self.commit / 1000
            yield Give(self.threads)
            if granted:
                break
            yield self.chain.asks_again_seconds
        self.took.append(self.day.now - began)
        self.day.at(self.day.now + self.chain.pays_after_seconds, self._webhook())

    def _asks_stripe(self) -> bool:
        for name, allowance in ((ACCOUNT, self.account), (OPERATION, self.operation)):
            if not allowance.grants(self.day.now):
                self.refused += 1
                self.waited_for_stripe[name] += self.chain.asks_again_seconds
                return False
        return True

    def _webhook(self) -> Request:
        yield Take(self.threads)
        yield from _on(self.web, self.costs.webhook_web)
        yield from _on(self.primary, self.costs.webhook_database)
        yield self.commit / 1000
        yield Give(self.threads)


def _on(resource: Resource, milliseconds: float) -> Request:
    """Wait for a place, and occupy it for so long."""
    yield Take(resource)
    yield milliseconds / 1000
    yield Give(resource)


DOUBLED = ("processes", "threads", "database_cores", "stripe_operation")


def doublings(costs: Costs, machines: Machines, chain: Chain) -> dict[str, Outcome]:
    """The same opening with twice of one thing, for each; a disk twice as fast; and a replica."""
    now = asdict(machines)
    others = {f"twice the {name.replace('_', ' ')}": replace(machines, **{name: now[name] * 2}) for name in DOUBLED}
    others["commits in half the time"] = replace(machines, commit_factor=machines.commit_factor / 2)
    others["a replica"] = replace(machines, replica_cores=machines.database_cores)
    return {name: Monday(costs, changed, chain).run() for name, changed in others.items()}
