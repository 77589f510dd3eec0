"""After the storm: faults are cleared, the news that was only late arrives, and the program repairs what is left."""

import asyncio
import time

from tests.chaos.aging import Aging
from tests.chaos.crowd import Crowd
from tests.chaos.database import Database
from tests.chaos.house import Sandbox
from tests.chaos.operators import COMPARE, DELIVER, EXPIRE, JUDGE, REFUND, REPAIR, Operators
from tests.chaos.payers import Payers

QUIET_SECONDS = 8
MOST_ROUNDS = 4
HOLDS = "SELECT reference, member_id FROM booking_booking WHERE status = 'pending'"
UNSENT = "SELECT id FROM notifications_message WHERE status IN ('queued', 'sending', 'unknown')"


class Aftermath:
    """The calm, and the program's own means of repair: its commands; at last they judge it too."""

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
            await self.operators.run(REPAIR)
            await self.operators.run(REFUND)
            await self.aging.pass_for_all(24 * 60)
            if not (self.database.rows(HOLDS) or self.database.rows(UNSENT)):
                break
        await self.operators.run(REPAIR)  # it hears of the refunds
        await asyncio.gather(self.operators.run(DELIVER), self.operators.run(COMPARE), self.operators.run(JUDGE))

    async def _until_quiet(self) -> None:
        """Until Stripe has nothing more to deliver, or has given it up."""
        deadline = time.monotonic() + QUIET_SECONDS
        while time.monotonic() < deadline:
            tries = (await self.sandbox.control(self.crowd.http, "GET", "deliveries"))["deliveries"]
            if not any(one["state"] in ("waiting", "held") for one in tries):
                return
            await asyncio.sleep(0.2)
