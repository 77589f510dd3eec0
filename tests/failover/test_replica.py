"""What is read from a standby, how old it may be, and what happens while it cannot serve."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.cast import Sandbox
from tests.failover.pair import Pair
from tests.faults.durable import Durable
from tests.faults.house import House

pytestmark = pytest.mark.load

LEFT, BACK = "The replica is left alone", "The replica is read from again"
# The connections of the program there stay open, and tell what was asked last.
READ = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%booking_classsession%' AND pid <> pg_backend_pid()"
WAITS = """
    INSERT INTO booking_waitlistentry (member_id, session_id, joined_at)
    SELECT m.id, (SELECT min(id) FROM booking_classsession), now() FROM members_member m
    WHERE NOT m.is_staff AND m.id NOT IN (SELECT member_id FROM booking_waitlistentry) ORDER BY m.id LIMIT 1
"""
PATIENCE_SECONDS = 40.0


class Studio:
    """The program over both, and what is asked of it: by anybody, and by Carla of the staff."""

    def __init__(self, house: House, carla: str, session: int) -> None:
        self.house, self.carla = house, carla
        self.base = f"http://127.0.0.1:{house.port}"
        self.path = f"/api/booking/sessions/{session}/"
        self.list = f"/api/booking/sessions/?ids={session}"

    def rename(self, title: str) -> None:
        answer = requests.patch(self.base + self.path, json={"title": title}, headers=self._token, timeout=20)
        assert answer.status_code == 200, answer.text
        assert self.titles(self._token) == (title, title)  # who has written it sees it

    def titles(self, headers: dict[str, str] | None = None) -> tuple[str, str]:
        """What the session is called, by itself and in the list."""
        answers = [requests.get(self.base + path, headers=headers, timeout=20) for path in (self.path, self.list)]
        assert [answer.status_code for answer in answers] == [200, 200]
        one, several = (answer.json() for answer in answers)
        return one["title"], several["results"][0]["title"]

    def reported(self) -> str:
        """The report of the places in line, as a file."""
        url = f"{self.base}/admin/reports/waitlist/waitlist.csv?range=week"
        answer = requests.get(url, cookies={"sessionid": self.carla}, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.text

    def said(self) -> tuple[int, int]:
        """How often it has said that the replica is left alone, and that it is back."""
        logged = self.house.logged()
        return logged.count(LEFT), logged.count(BACK)

    @property
    def _token(self) -> dict[str, str]:
        return {"X-Session-Token": self.carla}


@pytest.fixture
def studio(furnished: tuple[Durable, str], pair: Pair, sandbox: Sandbox, tmp_path: Path) -> Iterator[Studio]:
    people = json.loads(furnished[1])
    pair.primary.answers(f"UPDATE members_member SET is_superuser = true WHERE id = {people['staff']['id']}")
    session = pair.primary.answers("SELECT min(id) FROM booking_classsession")[0][0]
    replica = {"DATABASE_REPLICA_URL": pair.standby.url}
    house = House(database=pair.primary.url, web=sandbox.base, folder=tmp_path, **replica)
    try:
        house.wait_until_ready()
        yield Studio(house, people["staff"]["token"], session)
    finally:
        house.close()


def test_the_replica_is_read_while_it_is_near_and_the_primary_when_it_is_behind_or_gone(
    pair: Pair, studio: Studio
) -> None:
    studio.rename("Yin")
    until(lambda: studio.titles() == ("Yin", "Yin"))
    reports_know_what_was_written_before(pair, studio)
    studio.titles()  # the reports end their reading with a COMMIT, which is then what was asked last
    assert [row[0] > 0 for row in pair.standby.answers(READ)] == [True]
    assert studio.said() == (0, 0)
    pair.standby.answers("SELECT pg_wal_replay_pause()")
    studio.rename("Yang")
    until(lambda: (studio.titles(), studio.said()) == (("Yang", "Yang"), (1, 0)))
    reports_know_what_was_written_before(pair, studio)
    assert studio.said() == (1, 0)
    pair.standby.answers("SELECT pg_wal_replay_resume()")
    until(lambda: (studio.titles(), studio.said()) == (("Yang", "Yang"), (1, 1)))
    pair.primary.set(synchronous_standby_names="")
    pair.standby.kill()
    studio.rename("Hatha")
    until(lambda: studio.titles() == ("Hatha", "Hatha"))
    reports_know_what_was_written_before(pair, studio)
    assert studio.titles() == ("Hatha", "Hatha")
    assert studio.said() == (2, 1)


def reports_know_what_was_written_before(pair: Pair, studio: Studio) -> None:
    """Each has one place in line more than the one before."""
    reports = [studio.reported()]
    for _ in range(2):
        pair.primary.answers(WAITS)
        reports.append(studio.reported())
    assert len(set(reports)) == len(reports), reports


def until(ready: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.05)
