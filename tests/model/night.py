"""Time, and the commands that cron runs."""

from tests.model.ledger import Booking
from tests.model.play import Play, act


class Night(Play):
    """Nothing sleeps: rows grow older instead."""

    @act(often=5, when=lambda play: play.fresh_holds())
    def a_hold_runs_out(self) -> None:
        self.run_out(self.choose("hold", self.fresh_holds()))

    @act()
    def expire_pending_bookings(self) -> None:
        ends = self.model.expire_pending_bookings()
        status, line = self.world.command("expire_pending_bookings", "--workers", "1")
        assert (status, line) == (
            int(bool(ends["silent"])),
            f"expire_pending_bookings: {ends.total()} stale, {ends['freed']} freed, {ends['paid']} paid after all, "
            f"{ends['kept']} still processing, {ends['silent']} unfinished",
        )

    @act(often=6, when=lambda play: play.model.debts)
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

    @act(often=1)
    def deliver_messages(self) -> None:
        """Every message has left already, in the background."""
        assert self.world.command("deliver_messages") == (0, "deliver_messages: nothing due")

    def fresh_holds(self) -> list[Booking]:
        return [booking for booking in self.model.bookings if booking.status == "pending" and not booking.expired]

    def run_out(self, booking: Booking) -> None:
        booking.expired = True
        self.world.age(self.reference_of(booking))
