"""The README's first screen, run as it stands against what `make run` serves."""

import json
import re
import sqlite3
import time
from contextlib import closing
from typing import Any

import requests

from tests.journeys.demo import PATIENCE_SECONDS, ROOT, Demo, demo  # noqa: F401 - a fixture

README = (ROOT / "README.md").read_text()


def block(name: str) -> str:
    found = re.search(rf"<!-- tried: {name} -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert found, name
    return found[1]


def bodies(output: str) -> list[Any]:
    """The JSON bodies a script has printed, one after the other."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(output.strip()):
        body, at = decoder.raw_decode(output, at)
        found.append(body)
    return found


def eventually(look: Any) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (seen := look()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return seen


def test_the_first_screen_of_the_readme_leads_to_paid_and_freed_bookings(demo: Demo) -> None:  # noqa: F811
    page = requests.get(f"http://localhost:{demo.port}/", timeout=PATIENCE_SECONDS)
    assert '<script type="module" src="app.js">' in page.text, "it opens on the frontend"
    with_credit, by_card = bodies(demo.run(block("book")))
    assert (with_credit["status"], with_credit["paid_with"]) == ("paid", "credits")
    assert (by_card["status"], by_card["paid_with"], by_card["amount"]) == ("paid", "card", 1800)
    for booking in (with_credit, by_card):
        eventually(lambda reference=booking["reference"]: f"*{reference}*" in demo.log.read_text())

    declined = block("book").replace("pm_card_visa", "pm_card_chargeDeclined")
    declined = declined.replace("page_size=3", "page_size=3&search=spin")
    [again, freed] = bodies(demo.run(declined))
    assert again["status"] == "paid"
    assert (freed["status"], freed["ended_reason"]) == ("freed", "payment_failed")

    held = re.sub(r"# The payer confirms.*", "cat held.json", block("book"), flags=re.DOTALL)
    held = held.replace("page_size=3", "page_size=3&search=wall")
    left = bodies(demo.run(held))[-1]
    with closing(sqlite3.connect(demo.database)) as database, database:
        database.execute("UPDATE booking_booking SET created_at = datetime(created_at, '-2 minutes')")
    assert "1 stale, 1 freed" in demo.run(block("expire"))
    with closing(sqlite3.connect(demo.database)) as database, database:
        row = database.execute(
            "SELECT status, ended_reason FROM booking_booking WHERE reference = ?", [left["reference"]]
        ).fetchone()
    assert row == ("freed", "expired")
