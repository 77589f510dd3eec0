"""The commands that cron starts, and the hand, or the power cut, that ends processes half-way."""

import asyncio
import contextlib
import time

from tests.chaos.aging import Aging
from tests.chaos.database import Database
from tests.chaos.house import House
from tests.chaos.notebook import Notebook
from tests.chaos.plan import Errand

EXPIRE, DELIVER, REFUND = "expire_pending_bookings", "deliver_messages", "submit_refunds"
REPAIR, COMPARE = "reconcile_payments --fix --patience 0", "reconcile_payments --patience 0"
JUDGE = "check_integrity"
COMMANDS = {"expire": EXPIRE, "expire_killed": EXPIRE, "deliver": DELIVER, "deliver_killed": DELIVER}
# A row that somebody is at work on: the moment to kill a command.
AT_WORK = {
    EXPIRE: "SELECT id FROM payments_payment WHERE void_claimed_at IS NOT NULL",
    DELIVER: "SELECT id FROM notifications_message WHERE status = 'sending'",
}
PATIENCE_SECONDS = 60
SOON_SECONDS = 5


class Operators:
    """Whoever runs the program."""

    def __init__(self, house: House, database: Database, aging: Aging, notebook: Notebook) -> None:
        self.house = house
        self.database = database
        self.aging = aging
        self.notebook = notebook

    async def do(self, errand: Errand) -> None:
        """Run a command, or kill something."""
        if errand.what in COMMANDS:
            if errand.what.startswith("deliver"):
                await self.aging.pass_for_messages(11)
            await self.run(COMMANDS[errand.what], killed=errand.what.endswith("killed"))
            return
        deed = self.notebook.note("power", errand.what)
        await asyncio.to_thread(self.house.kill_server if errand.what == "kill_server" else self.house.kill_worker)
        self.notebook.kills.append((deed.at, self.notebook.clock.now()))

    async def run(self, command: str, *, killed: bool = False) -> str:
        """The last line a command has said, with its exit status."""
        deed = self.notebook.note("cron", command)
        process = await self.house.command(*command.split())
        try:
            if killed:
                await self._until_at_work(command, process)
                _kill(process)
            said, _ = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
        finally:
            _kill(process)
        if process.returncode == -9:
            self.notebook.note("power", f"kill {command}")
        line = (said.decode().strip().splitlines() or [""])[-1]
        deed.outcome = f"{line} (exit {process.returncode})"
        return deed.outcome

    async def _until_at_work(self, command: str, process: asyncio.subprocess.Process) -> None:
        deadline = time.monotonic() + SOON_SECONDS
        while process.returncode is None and time.monotonic() < deadline:
            if await asyncio.to_thread(self.database.rows, AT_WORK[command]):
                return
            await asyncio.sleep(0.02)


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has ended by itself
        process.kill()
