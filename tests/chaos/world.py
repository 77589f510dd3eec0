"""What is judged: the rows of the database and what Stripe and Twilio say, read from outside the program."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import aiohttp

from tests.chaos.database import Database, Row
from tests.chaos.house import Sandbox
from tests.chaos.notebook import Notebook
from tests.chaos.plan import Plan

TABLES = {
    "sessions": "booking_classsession",
    "bookings": "booking_booking",
    "transitions": "booking_bookingtransition",
    "payments": "payments_payment",
    "refunds": "payments_refund",
    "received": "payments_stripeevent",
    "lots": "payments_creditlot",
    "spends": "payments_creditspend",
    "entries": "payments_creditentry",
    "messages": "notifications_message",
    "members": "members_member",
}


@dataclass
class World:
    """One moment of everything, after a run."""

    plan: Plan
    database: Database
    notebook: Notebook
    rows: dict[str, list[Row]]
    intents: list[dict[str, Any]]
    events: list[dict[str, Any]]
    sent: list[dict[str, Any]]
    requests: list[dict[str, Any]]
    deliveries: list[dict[str, Any]]
    log: str

    @cached_property
    def bookings(self) -> dict[str, Row]:
        """By reference."""
        return {row["reference"]: row for row in self.rows["bookings"]}

    @cached_property
    def payments(self) -> dict[int, Row]:
        return {row["id"]: row for row in self.rows["payments"]}

    @cached_property
    def booking_of_payment(self) -> dict[int, Row]:
        return {row["payment_id"]: row for row in self.rows["bookings"] if row["payment_id"] is not None}

    @cached_property
    def intents_of_payment(self) -> dict[str, list[dict[str, Any]]]:
        """By the payment's reference without dashes, as the intent's metadata names it."""
        found = defaultdict(list)
        for intent in self.intents:
            found[intent["metadata"].get("payment", "").replace("-", "")].append(intent)
        return found

    @cached_property
    def transitions_of(self) -> dict[int, list[Row]]:
        """By booking, in order."""
        found = defaultdict(list)
        for row in sorted(self.rows["transitions"], key=lambda row: row["id"]):
            found[row["booking_id"]].append(row)
        return found

    @property
    def name(self) -> str:
        """What its files are called."""
        return self.plan.name

    def intents_for(self, booking: Row) -> list[dict[str, Any]]:
        """Every intent that was ever made for a booking."""
        payment = self.payments.get(booking["payment_id"])
        return self.intents_of_payment[plain(payment["reference"])] if payment else []


def plain(reference: Any) -> str:
    """A UUID as SQLite keeps it."""
    return str(reference).replace("-", "")


async def observed(
    plan: Plan, database: Database, sandbox: Sandbox, http: aiohttp.ClientSession, notebook: Notebook, log: Path
) -> World:
    """Look at everything, once nobody writes any more."""
    return World(
        plan=plan,
        database=database,
        notebook=notebook,
        rows={name: database.rows(f"SELECT * FROM {table} ORDER BY id") for name, table in TABLES.items()},
        intents=await sandbox.listed(http, "payment_intents"),
        events=await sandbox.listed(http, "events"),
        sent=(await sandbox.control(http, "GET", "messages"))["messages"],
        requests=(await sandbox.control(http, "GET", "requests"))["requests"],
        deliveries=(await sandbox.control(http, "GET", "deliveries"))["deliveries"],
        log=log.read_text(errors="replace"),
    )
