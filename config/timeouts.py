"""How long each waits for the next, from the proxy down to the database.

Whoever waits outlasts whom they wait for, so that an answer is given by the one who knows what went wrong. The table in
`docs/server.md` is these numbers, and a test holds both.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timeouts:
    """Seconds. All follow from the read timeout of one call to Stripe, which is STRIPE_TIMEOUT_SECONDS."""

    stripe_read: int
    stripe_connect: int = 3
    # A place among the calls to Stripe that a process makes at a time; and while none of them comes back.
    stripe_place: int = 6
    stripe_silence: int = 2
    # A new connection to PostgreSQL.
    connect: int = 3
    # Who reads from the replica has the primary to fall back on: until it is reached, and while it says nothing.
    replica_connect: int = 2
    replica_silence: int = 5
    # A thread that waits for a connection of the pool gives up before those that hold one.
    pool: int = 4
    lock: int = 5
    # One statement of a request, its waiting for locks included.
    statement: int = 7
    # One statement of a page that staff open to read much at once.
    report: int = 30
    # A forgotten transaction somewhere else must not hold every thread of ours.
    idle_in_transaction: int = 60
    # Reading and connecting, each; and each step of handing over a mail.
    twilio: int = 8
    email: int = 8
    # gthread's is no limit for a request: a process whose main loop gave no sign for so long is replaced.
    heartbeat: int = 60
    # A connection without a request; the proxy lets go of it first (nginx after 60), or it would ask into the void.
    keepalive: int = 75

    @property
    def stripe_call(self) -> int:
        """One call at its longest: waiting for its place, two tries, and the SDK's pause between them."""
        return self.stripe_place + 2 * (self.stripe_connect + self.stripe_read) + 1

    @property
    def twilio_call(self) -> int:
        return 2 * self.twilio

    @property
    def graceful(self) -> int:
        """How long a process that is told to stop goes on with what it has accepted: a silent Stripe, and the
        database at its slowest before and after it, or a report."""
        return max(self.stripe_call, self.twilio_call, self.report) + 2 * self.statement

    @property
    def proxy(self) -> int:
        """How long the proxy in front waits for an answer; and whoever stops gunicorn, before they kill it."""
        return self.graceful + 10
