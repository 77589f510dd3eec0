"""PostgreSQL is restarted in immediate mode while sixteen clients book; nothing that was acknowledged is lost."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cast import Sandbox
from tests.faults import sizes, tally
from tests.faults.durable import Durable, durable
from tests.faults.house import House
from tests.faults.rush import Acknowledged, Rush
from tests.faults.tally import Line

pytestmark = pytest.mark.load

CLIENTS = 16
BEFORE_SECONDS, AFTER_SECONDS = (5.0, 10.0) if sizes.ALL else (2.0, 3.0)
RECOVERY_SECONDS = 5.0
KEPT = """
    SELECT b.reference, b.status, b.credits_spent, COALESCE(p.stripe_intent_id, '')
    FROM booking_booking b LEFT JOIN payments_payment p ON p.id = b.payment_id
"""
TWICE = "SELECT member_id, session_id FROM booking_booking GROUP BY member_id, session_id HAVING COUNT(*) > 1"


@pytest.fixture
def server() -> Iterator[Durable]:
    with durable() as server:
        yield server


def test_a_restart_under_load_loses_nothing_that_was_acknowledged(
    server: Durable, sandbox: Sandbox, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    began = time.monotonic()
    tokens = [member["token"] for member in json.loads(server.furnish())["members"]][:CLIENTS]
    sessions = [row[0] for row in server.answers("SELECT id FROM booking_classsession ORDER BY id")]
    more = {"WEB_CONCURRENCY": "2", "WEB_THREADS": "8", "MAX_HOLDS_PER_MEMBER": "100000"}
    house = House(database=server.url, web=sandbox.base, folder=tmp_path, **more)
    try:
        house.wait_until_ready()
        rush = Rush(f"http://127.0.0.1:{house.port}", tokens, sessions)
        restarted, accepted = asyncio.run(rush.run(lambda: _restarted(server)))
        assert house.command("deliver_messages")[0] == 0
        status, laws = house.command("check_integrity", "-v", "2")
    finally:
        house.close()
    kept = {row[0]: row[1:] for row in server.answers(KEPT)}
    lost = [one for one in rush.acknowledged if not _is_there(one, kept.get(one.reference))]
    first = min(one.at for one in rush.acknowledged if one.at > accepted)
    before = sum(one.at < restarted for one in rush.acknowledged)
    took = [round(first - restarted, 2), round(first - accepted, 2)]
    row = [CLIENTS, before, len(rush.acknowledged) - before, len(lost), *took]
    tally.keep(request, Line("faults-restart", row, len(rush.acknowledged), len(lost), time.monotonic() - began))
    assert not rush.refused
    assert not lost
    assert status == 0, laws
    assert server.answers(TWICE) == []
    assert before > CLIENTS
    assert first - accepted < RECOVERY_SECONDS, took


async def _restarted(server: Durable) -> tuple[float, float]:
    """When the restart began, and when connections were accepted again; the clients book before and after."""
    await asyncio.sleep(BEFORE_SECONDS)
    began = time.monotonic()
    accepted = await asyncio.to_thread(server.restart)
    await asyncio.sleep(AFTER_SECONDS)
    return began, accepted


def _is_there(told: Acknowledged, row: tuple[str, int, str] | None) -> bool:
    """Whether a booking stands as its client was told."""
    return row is not None and row[:2] == (told.status, told.credits) and told.intent in ("", row[2])
