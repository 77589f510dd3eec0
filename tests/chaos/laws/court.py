"""All laws, and the judgement of a world."""

from collections.abc import Callable, Iterator
from inspect import getmembers, isfunction

from tests.chaos.laws import answers, commands, credit, messages, money, seats, secrets
from tests.chaos.laws.findings import Finding
from tests.chaos.world import World

Law = Callable[[World], Iterator[Finding]]
LAWS: list[Law] = [
    law
    for book in (seats, money, credit, messages, answers, secrets, commands)
    for name, law in getmembers(book, isfunction)
    if law.__module__ == book.__name__ and not name.startswith("_")
]


def judged(world: World) -> list[Finding]:
    """Every break of every law, each told once."""
    return list(dict.fromkeys(finding for law in LAWS for finding in law(world)))
