"""What happens after a crash: the client asks again, Stripe tells again, cron goes on; time passes without waiting."""

from datetime import timedelta

from django.db import connection

from payments import webhooks
from tests.cast import Sandbox
from tests.faults.flows import Flow
from tests.faults.house import House
from tests.faults.trial import Trial, asked
from tests.races.clients import tell

COMMANDS = ("expire_pending_bookings", "submit_refunds", "deliver_messages")
# Everything that the program compares with the present moment, the claims of dead processes included.
TIMES = {
    "booking_booking": ("created_at", "expires_at"),
    "payments_payment": ("created_at", "void_claimed_at"),
    "payments_refund": ("created_at", "due_at", "claimed_at", "asked_at"),
    "notifications_message": ("created_at", "due_at", "claimed_at"),
}
A_WHILE, A_DAY = timedelta(minutes=61), timedelta(hours=25)


def passes(time: timedelta) -> None:
    """Let everything have happened that much earlier."""
    with connection.cursor() as cursor:
        for table, columns in TIMES.items():
            cursor.execute(
                f"UPDATE {table} SET {', '.join(f'{one} = {one} - %s' for one in columns)}", [time] * len(columns)
            )


class Recovery:
    """The world after a crash, by means that everybody has."""

    def __init__(self, house: House, sandbox: Sandbox) -> None:
        self.house = house
        self.sandbox = sandbox
        self.heard_of: set[str] = set()
        self.problems: list[str] = []

    def of_command(self, flow: Flow, trial: Trial) -> None:
        """Cron starts the command again, once the claims of the dead one have aged."""
        passes(A_WHILE)
        status, output = self.house.command(*flow.runs(trial))
        if status not in flow.exits:
            self.problems.append(f"{trial.label}: the next run ended with {status}: {output}")

    def of_all(self, flow: Flow, trials: list[Trial]) -> None:
        """Everybody does what they would do."""
        for trial in trials:
            self._the_client(flow, trial)
            self.heard_of |= trial.told
            self._the_payer(trial)
        self._stripe()
        for time in (A_WHILE, A_DAY):
            passes(time)
            self._cron()
            for trial in trials:
                self._the_client(flow, trial)  # who was refused because something was left half-done
            self._stripe()
        passes(A_DAY)

    def _the_client(self, flow: Flow, trial: Trial) -> None:
        if flow.by_stripe and trial.acknowledged:
            trial.told.add(trial.event["id"])
        if flow.asks is None or flow.by_stripe or trial.acknowledged:
            return
        again = asked(self.house, flow.asks(trial))
        trial.hears(again)
        if again is None or again.status >= 500:
            self.problems.append(f"{trial.label}: asked again, heard {again}")

    def _the_payer(self, trial: Trial) -> None:
        """Pays what the booking's answer let them pay."""
        for heard in trial.heard if trial.pays else ():
            if heard.acknowledged and heard.json.get("stripe_client_secret"):
                self.sandbox.pays(heard.json["stripe_client_secret"].split("_secret_")[0])
                return

    def _stripe(self) -> None:
        """Stripe tells what nobody has taken from it yet, oldest first."""
        for event in self.all_of("events")[::-1]:
            if event["type"] not in webhooks.TYPES or event["id"] in self.heard_of:
                continue
            answer = asked(self.house, tell(event))
            if answer is None or answer.status != 200:
                self.problems.append(f"Stripe told {event['type']} again and heard {answer}")
            self.heard_of.add(event["id"])

    def _cron(self) -> None:
        for name in COMMANDS:
            status, output = self.house.command(name)
            if status != 0:
                self.problems.append(f"{name} ended with {status}: {output}")

    def all_of(self, kind: str) -> list[dict[str, object]]:
        """Everything of a kind that Stripe has, newest first."""
        found: list[dict[str, object]] = []
        more: dict[str, object] = {}
        while True:
            page = self.sandbox.stripe(kind, limit=100, **more)
            found += page["data"]
            if not page["has_more"]:
                return found
            more = {"starting_after": page["data"][-1]["id"]}
