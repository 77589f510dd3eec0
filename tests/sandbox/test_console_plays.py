"""The manual's three plays, by a person at the console, against what `make run` serves."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.journeys.demo import Demo
from tests.sandbox.conftest import eventually

MEMBER = {"email": "ana@example.com", "password": "demo-studio-2026"}


class Program:
    """The demo studio, as its member Ana sees it."""

    def __init__(self, demo: Demo) -> None:
        self.demo, self.base = demo, f"http://127.0.0.1:{demo.port}"
        session = requests.post(f"{self.base}/_allauth/app/v1/auth/login", json=MEMBER, timeout=10).json()
        self.headers = {"X-Session-Token": session["meta"]["session_token"]}

    def ask(self, method: str, path: str, **options: Any) -> Any:
        answer = requests.request(method, self.base + path, headers=self.headers, timeout=30, **options)
        assert answer.ok, answer.text
        return answer.json()

    def book(self) -> str:
        """The reference of a new hold on a session that costs money."""
        sessions = self.ask("GET", "/api/booking/sessions/?available=true&page_size=100")["results"]
        taken = {row["session"] for row in self.ask("GET", "/api/booking/bookings/")["results"]}
        one = next(row for row in sessions if row["amount"] and row["bookable"] and row["id"] not in taken)
        booking = self.ask("POST", f"/api/booking/sessions/{one['id']}/book/", json={"pay_with": "card"})
        assert booking["status"] == "pending"
        return str(booking["reference"])

    def booking(self, reference: str) -> dict[str, Any]:
        return dict(self.ask("GET", f"/api/booking/bookings/{reference}/"))

    def let_it_expire(self, reference: str) -> None:
        before = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S.%f")
        with closing(sqlite3.connect(self.demo.database, timeout=10)) as database, database:
            database.execute("UPDATE booking_booking SET expires_at = ? WHERE reference = ?", [before, reference])
        self.demo.run("env $(.venv/bin/python -m sandbox env) .venv/bin/python manage.py expire_pending_bookings")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    demo = Demo(tmp_path_factory.mktemp("demo"))
    try:
        demo.wait_until_ready()
        yield Program(demo)
    finally:
        demo.stop()


@pytest.fixture
def console(page: Page, program: Program) -> Page:
    expect.set_options(timeout=10_000)
    page.goto(f"http://127.0.0.1:{program.demo.sandbox_port}/")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    return page


def test_decline(console: Page, program: Program) -> None:
    reference = program.book()
    play = console.get_by_role("article", name="Decline")
    play.get_by_role("button").click()
    expect(console.get_by_role("status").filter(has_text="Declined, as asked")).to_be_visible()
    freed = eventually(lambda: (row := program.booking(reference))["status"] == "freed" and row, within=20)
    assert freed["ended_reason"] == "payment_failed"
    payments = console.get_by_role("region", name="Payments")
    expect(payments.get_by_role("article")).to_contain_text("canceled")


def test_pays_after_expiry(console: Page, program: Program) -> None:
    reference = program.book()
    play = console.get_by_role("article", name="Pays after expiry")
    play.get_by_role("button").click()
    expect(console.get_by_role("status").filter(has_text="paid an instant before")).to_be_visible()
    assert program.booking(reference)["status"] == "pending"
    program.let_it_expire(reference)
    eventually(lambda: program.booking(reference)["status"] == "paid", within=20)
    journal = console.get_by_role("region", name="Journal", exact=True)
    expect(journal.get_by_role("row").filter(has_text="paid first")).to_contain_text("/cancel")


def test_webhook_lost(console: Page, program: Program) -> None:
    reference = program.book()
    play = console.get_by_role("article", name="Webhook lost")
    play.get_by_role("button", name="Lose the next webhook").click()
    play.get_by_role("button", name="Pay").click()
    webhooks = console.get_by_role("region", name="Webhooks")
    lost = webhooks.get_by_role("button", name="payment_intent.succeeded dropped")
    lost.click()
    expect(webhooks.get_by_text("the program never saw it")).to_be_visible()
    assert program.booking(reference)["status"] == "pending"
    webhooks.get_by_role("button", name="Deliver again").click()
    expect(webhooks.get_by_text("the program answered 200").first).to_be_visible()
    assert program.booking(reference)["status"] == "paid"
