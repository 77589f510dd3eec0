"""What a seed decides: who comes when, what they do, what goes wrong, what is run and what is killed."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.chaos.weather import weather

# How a member asks: once; again with the same key; a double click; again with another key; without any key.
MANNERS = {"once": 5, "again": 6, "double": 3, "another": 2, "bare": 2}
# What follows once the seat is held.
ENDINGS = {
    "pays": 30,
    "pays_and_syncs": 8,
    "declined": 7,
    "declined_then_pays": 7,
    "leaves_3ds": 4,
    "passes_3ds": 6,
    "fails_3ds": 3,
    "processes": 5,
    "processes_in_vain": 3,
    "gives_up": 8,
    "gives_up_while_paying": 7,
    "leaves": 6,
    "pays_late": 10,
    "comes_back": 6,
    "forges": 3,
}
SHORT_SECONDS = 4
PAY_WITH = {"card": 14, "auto": 4, "credits": 2}


@dataclass(frozen=True)
class Session:
    """A session the staff creates before the storm."""

    title: str
    capacity: int
    amount: int
    credits_required: int


@dataclass(frozen=True)
class Visit:
    """One member who wants one seat."""

    number: int
    at: float
    member: int
    session: int
    pay_with: str
    manner: str
    ending: str
    wait: float  # between holding the seat and what follows
    pause: float  # between two acts of the ending
    minutes: int  # how much older a hold gets that is left behind


@dataclass(frozen=True)
class Grant:
    """Credits from the desk, asked for twice with one key when the desk is nervous."""

    at: float
    member: int
    credits: int
    twice: bool


@dataclass(frozen=True)
class Errand:
    """Something the operators, or the power supply, do."""

    at: float
    what: str  # expire, expire_killed, deliver, deliver_killed, kill_worker, kill_server


@dataclass(frozen=True)
class Plan:
    seed: int
    seconds: float
    sessions: list[Session]
    visits: list[Visit]
    grants: list[Grant]
    errands: list[Errand]
    weather: list[tuple[float, dict[str, Any]]]
    policies: dict[str, str] = field(default_factory=dict)
    without: str = ""  # the promise this run does without; see `unguarded`

    @property
    def name(self) -> str:
        """What the files of this run are called."""
        return f"{self.seed}-without-{self.without}" if self.without else str(self.seed)


def drawn(random: Random, chances: dict[str, int]) -> str:
    """One of the names, each as likely as its number says."""
    return random.choices(list(chances), weights=list(chances.values()))[0]


def sessions(random: Random) -> list[Session]:
    """A small studio: some sessions everybody wants, one that is free, one that takes no credits."""
    classes = [Session(f"Class {n}", random.randint(3, 16), random.choice((1000, 1500, 1800)), n % 3) for n in range(7)]
    return [*classes, Session("Open studio", random.randint(4, 10), 0, 0)]


def visits(random: Random, number: int, members: int, studio: list[Session], seconds: float) -> list[Visit]:
    """The crowd, spread over the storm; a few come in a rush."""
    rush = random.uniform(0.2, 0.7) * seconds
    return [
        Visit(
            number=n,
            at=rush if random.random() < 0.12 else random.uniform(0, seconds * 0.85),
            member=random.randrange(members),
            session=random.randrange(len(studio)),
            pay_with=drawn(random, PAY_WITH),
            manner=drawn(random, MANNERS),
            ending=drawn(random, ENDINGS),
            wait=random.uniform(0, 0.8),
            pause=random.choice((0, random.uniform(0, 0.3), random.uniform(0.3, 1.5))),
            minutes=random.choice((31, 31, 31, 45, 25 * 60)),
        )
        for n in range(number)
    ]


def grants(random: Random, members: int, seconds: float) -> list[Grant]:
    """A few before anybody comes, a few in the middle of it."""
    early = [Grant(0, member, random.randint(1, 4), False) for member in random.sample(range(members), members // 3)]
    late = [
        Grant(random.uniform(0, seconds), random.randrange(members), random.randint(1, 3), random.random() < 0.6)
        for _ in range(6)
    ]
    return [*early, *late]


def errands(random: Random, seconds: float) -> list[Errand]:
    """The commands come round like cron's; one of each is killed half-way, and so is the server, in a long storm."""
    rounds = [("expire", 0.25), ("expire_killed", 0.45), ("expire", 0.62), ("expire", 0.85)]
    rounds += [("deliver", 0.5), ("deliver_killed", 0.7), ("kill_worker", 0.3), ("kill_worker", 0.75)]
    rounds = (
        rounds if seconds > SHORT_SECONDS else [("expire_killed", 0.5), ("deliver_killed", 0.7), ("kill_worker", 0.4)]
    )
    errands = [Errand(seconds * (share + random.uniform(-0.08, 0.08)), what) for what, share in rounds]
    if seconds > SHORT_SECONDS and random.random() < 0.7:
        errands.append(Errand(seconds * random.uniform(0.35, 0.65), "kill_server"))
    return sorted(errands, key=lambda errand: errand.at)


def drawn_up(seed: int, *, number: int, seconds: float, members: int, without: str = "") -> Plan:
    """The whole plan of a seed; the same seed and sizes draw up the same plan."""
    random = Random(f"chaos {seed}")
    studio = sessions(random)
    return Plan(
        seed=seed,
        without=without,
        seconds=seconds,
        sessions=studio,
        visits=visits(random, number, members, studio, seconds),
        grants=grants(random, members, seconds),
        errands=errands(random, seconds),
        weather=weather(random, seconds),
        policies={
            "PAYMENT_FAILED_POLICY": random.choice(("void", "void", "hold")),
            "LATE_PAYMENT_POLICY": random.choice(("reseat", "reseat", "refund")),
        },
    )
