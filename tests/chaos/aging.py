"""Time that passes: the database grows older, as if everything in it had happened that much earlier."""

import asyncio
from datetime import timedelta

from tests.chaos.database import Database, moment
from tests.chaos.notebook import Notebook

# What has a time that the program compares with the present one. A claim belongs to somebody who is at work now: it
# grows old only when nobody is.
TIMES = {
    "booking_booking": ("created_at", "expires_at"),
    "payments_payment": ("created_at",),
    "notifications_message": ("created_at", "due_at"),
}
CLAIMS = {"payments_payment": ("void_claimed_at",), "notifications_message": ("claimed_at",)}


class Aging:
    """Moves stored times into the past; nothing but time is touched."""

    def __init__(self, database: Database, notebook: Notebook) -> None:
        self.database = database
        self.notebook = notebook

    async def age(self, reference: str, minutes: int) -> None:
        """Let one booking and its payment grow older."""
        self.notebook.note("time", f"{minutes} minutes pass", reference=reference)
        await asyncio.to_thread(self._age, reference, timedelta(minutes=minutes))

    async def pass_for_messages(self, minutes: int) -> None:
        """Let the messages that wait, and that nobody is sending, grow older."""
        self.notebook.note("time", f"{minutes} minutes pass for the messages")
        await asyncio.to_thread(self._age_messages, timedelta(minutes=minutes))

    async def pass_for_all(self, minutes: int) -> None:
        """Let everything grow older, while nobody is at work."""
        self.notebook.note("time", f"{minutes} minutes pass for everybody")
        await asyncio.to_thread(self._age_all, timedelta(minutes=minutes))

    def _age(self, reference: str, by: timedelta) -> None:
        self._shift("booking_booking", TIMES["booking_booking"], by, "WHERE reference = ?", reference)
        mine = "WHERE id = (SELECT payment_id FROM booking_booking WHERE reference = ?)"
        self._shift("payments_payment", TIMES["payments_payment"], by, mine, reference)

    def _age_messages(self, by: timedelta) -> None:
        waiting = "WHERE status IN ('queued', 'unknown')"
        self._shift("notifications_message", TIMES["notifications_message"], by, waiting)

    def _age_all(self, by: timedelta) -> None:
        for table, names in TIMES.items():
            self._shift(table, names + CLAIMS.get(table, ()), by)

    def _shift(self, table: str, names: tuple[str, ...], by: timedelta, which: str = "", *values: str) -> None:
        """Only where a value still is what was read: the program may write at the same time."""
        found = self.database.rows(f"SELECT id, {', '.join(names)} FROM {table} {which}", *values)
        self.database.change(
            [
                (f"UPDATE {table} SET {name} = ? WHERE id = ? AND {name} = ?", then - by, row["id"], row[name])
                for row in found
                for name in names
                if (then := moment(row[name]))
            ]
        )
