"""After the storm: faults are cleared, the news that was only late arrives, and the program repairs what is left."""

import asyncio
import time

from tests.chaos.aging import Aging
from tests.chaos.crowd import Crowd
from tests.chaos.database import Database
from tests.chaos.house import Sandbox
from tests.chaos.operators import DELIVER, EXPIRE, Operators
from tests.chaos.payers import Payers

QUIET_SECONDS = 8
MOST_ROUNDS = 4
HOLDS = "SELECT reference, member_id FROM booking_booking WHERE status = 'pending'"
UNSENT = "SELECT id FROM notifications_message WHERE status IN ('queued', 'sending', 'unknown')"


class Aftermath:
    """The calm, and the program's own means of repair: its commands and `sync/`."""

    def __init__(
        self, sandbox: Sandbox, payers: Payers, crowd: Crowd, operators: Operators, aging: Aging, database: Database
    ) -> None:
        self.sandbox = sandbox
        self.payers = payers
        self.crowd = crowd
        self.operators = operators
        self.aging = aging
        self.database = database

    async def repair(self) -> None:
        """Everything that the program can do by itself, until nothing is left to do, or it cannot."""
        http = self.crowd.http
        await self.sandbox.control(http, "DELETE", "faults")
        await self.sandbox.control(http, "POST", "webhooks/release", shuffle=True)
        for number, intent in enumerate(await self.sandbox.listed(http, "payment_intents")):
            if intent["status"] == "processing":
                await self.payers.settle(intent["id"], ok=number % 3 > 0)
        await self._until_quiet()
        await self.aging.pass_for_all(61)
        for _ in range(MOST_ROUNDS):
            await asyncio.gather(self.operators.run(EXPIRE), self.operators.run(DELIVER))
            await self._sync_what_is_left()
            await self.aging.pass_for_all(24 * 60)
            if not (self.database.rows(HOLDS) or self.database.rows(UNSENT)):
                return

    async def _until_quiet(self) -> None:
        """Until Stripe has nothing more to deliver, or has given it up."""
        deadline = time.monotonic() + QUIET_SECONDS
        while time.monotonic() < deadline:
            tries = (await self.sandbox.control(self.crowd.http, "GET", "deliveries"))["deliveries"]
            if not any(one["state"] in ("waiting", "held") for one in tries):
                return
            await asyncio.sleep(0.2)

    async def _sync_what_is_left(self) -> None:
        """What no command could end, the desk looks at."""
        for hold in self.database.rows(HOLDS):
            path = f"/api/booking/bookings/{hold['reference']}/sync/"
            await self.crowd.ask(self.crowd.staff, "sync", path, reference=hold["reference"])
