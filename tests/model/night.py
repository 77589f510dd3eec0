"""Time, and the commands that cron runs."""

from typing import Any

from hypothesis.stateful import precondition
from hypothesis.strategies import data, sampled_from

from tests.model.ledger import Booking
from tests.model.play import Play, step


class Night(Play):
    """Nothing sleeps: rows grow older instead."""

    @precondition(lambda self: self.fresh_holds())
    @step(data=data())
    def a_hold_runs_out(self, data: Any) -> None:
        self.run_out(data.draw(sampled_from(self.fresh_holds())))

    @step()
    def expire_pending_bookings(self) -> None:
        ends = self.model.expire_pending_bookings()
        status, line = self.world.command("expire_pending_bookings")
        assert (status, line) == (
            int(bool(ends["silent"])),
            f"expire_pending_bookings: {ends.total()} stale, {ends['freed']} freed, {ends['paid']} paid after all, "
            f"{ends['kept']} still processing, {ends['silent']} unfinished",
        )

    @precondition(lambda self: self.model.debts)
    @step()
    def submit_refunds(self) -> None:
        ends = self.model.submit_refunds()
        unfinished = ends["silent"] + ends["failed"]
        status, line = self.world.command("submit_refunds")
        assert (status, line) == (
            int(bool(unfinished)),
            f"submit_refunds: {ends.total()} due, {ends['succeeded']} succeeded, 0 on their way, "
            f"{unfinished} unfinished",
        )
        self.model.reached["debt submitted"] += ends["succeeded"]

    @step()
    def deliver_messages(self) -> None:
        """Every message has left already, in the background."""
        assert self.world.command("deliver_messages") == (0, "deliver_messages: nothing due")

    def fresh_holds(self) -> list[Booking]:
        return [booking for booking in self.model.bookings if booking.status == "pending" and not booking.expired]

    def run_out(self, booking: Booking) -> None:
        booking.expired = True
        self.world.age(self.reference_of(booking))
