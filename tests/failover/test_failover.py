"""The primary dies under load and its standby takes its place; nothing that anybody was told of is lost."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.environment import WEBHOOK_PATH
from tests.cast import Sandbox
from tests.failover import judge
from tests.failover.morning import Morning
from tests.failover.pair import Pair
from tests.faults import sizes
from tests.faults.durable import Durable
from tests.faults.house import House

pytestmark = pytest.mark.load

MEMBERS = 12
# So many answers before, and as many after.
WELL = 500 if sizes.ALL else 100
CRON = ("expire_pending_bookings", "submit_refunds", "deliver_messages")
LOAD = {"WEB_CONCURRENCY": "2", "WEB_THREADS": "8", "MAX_HOLDS_PER_MEMBER": "100000"}
MACHINES = ("one", "two")


@pytest.fixture
def houses(pair: Pair, sandbox: Sandbox, tmp_path: Path) -> Iterator[list[House]]:
    """Two machines as far as they can tell: each with a folder, processes and a cron of its own, and nothing shared."""
    opened = []
    try:
        for name in MACHINES:
            (tmp_path / name).mkdir()
            place = {"folder": tmp_path / name, "at": tmp_path / name}
            opened.append(House(database=pair.url, web=sandbox.base, **place, **LOAD))
        for house in opened:
            house.wait_until_ready()
        sandbox.control("POST", "configure", webhook_url=f"{_base(opened[0])}{WEBHOOK_PATH}")
        yield opened
    finally:
        sandbox.control("POST", "configure", webhook_url=None)
        for house in opened:
            house.close()


@pytest.fixture
def morning(furnished: tuple[Durable, str], pair: Pair, houses: list[House], sandbox: Sandbox) -> Morning:
    """Members who knock at both."""
    tokens = [member["token"] for member in json.loads(furnished[1])["members"]][:MEMBERS]
    sessions = [row[0] for row in pair.primary.answers("SELECT id FROM booking_classsession ORDER BY id")]
    return Morning([_base(house) for house in houses], tokens, sessions, sandbox.base)


def test_the_primary_dies_under_load_and_nothing_acknowledged_is_lost(
    pair: Pair, houses: list[House], morning: Morning, sandbox: Sandbox
) -> None:
    died, taken_over = asyncio.run(morning.run(lambda: _failover(pair, morning)))
    for name in CRON:
        for house in houses:  # each machine has a cron, and both begin at once
            house.start_command(name)
        ended = [house.end_of_command() for house in houses]
        assert [status for status, _ in ended] == [0, 0], ended
    assert houses[0].command("reconcile_payments", "--fix")[0] == 0
    status, differences = houses[1].command("reconcile_payments")
    assert status == 0, differences
    status, laws = houses[0].command("check_integrity", "-v", "2")
    assert status == 0, laws
    assert {one.status for one in morning.told} == {"pending", "paid", "cancelled"}
    assert judge.lost(morning.told, pair.standby) == []
    assert judge.wrongly_charged(pair.standby) == []
    assert judge.forgotten_events(pair.standby, sandbox) == set()
    assert [one for one in morning.refused if not one.startswith("409 POST bookings/")] == []
    first = min(one.at for one in morning.told if one.at > taken_over)
    print(f"{len(morning.told)} answers, {sum(one.at < died for one in morning.told)} of them before; nothing for "
          f"{first - died:.1f} s, of which {first - taken_over:.1f} s after the standby had taken over")  # fmt: skip


def test_without_a_synchronous_standby_the_same_death_loses_bookings(pair: Pair, morning: Morning) -> None:
    pair.primary.set(synchronous_standby_names="")
    pair.standby.set(primary_conninfo="")
    pair.wait_until(lambda: not pair.primary.answers("SELECT pid FROM pg_stat_replication"))
    asyncio.run(morning.run(lambda: _failover(pair, morning)))
    assert judge.lost(morning.told, pair.standby)


async def _failover(pair: Pair, morning: Morning) -> tuple[float, float]:
    """When the primary died, and when the standby had taken over; the members go on before and after."""
    await _until(lambda: len(morning.told) > WELL)
    died = time.monotonic()
    await asyncio.to_thread(pair.primary.kill)
    taken_over = await asyncio.to_thread(pair.standby.promote)
    await _until(lambda: sum(one.at > taken_over for one in morning.told) > WELL)
    return died, taken_over


async def _until(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def _base(house: House) -> str:
    return f"http://127.0.0.1:{house.port}"
