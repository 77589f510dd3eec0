"""No seat is sold twice, none is held for ever, and every booking's history tells how it came to be what it is."""

from collections import Counter
from collections.abc import Iterator

from tests.chaos.laws.findings import Finding
from tests.chaos.world import World

HOLDING = ("pending", "paid")
EDGES = {
    ("", "pending"),
    ("", "paid"),
    ("pending", "paid"),
    ("pending", "freed"),
    ("freed", "paid"),
    ("paid", "cancelled"),  # whoever gives up a hold in the moment in which it is paid cancels what is paid
}


def seats_taken_are_the_holding_bookings(world: World) -> Iterator[Finding]:
    holding = Counter(row["session_id"] for row in world.bookings.values() if row["status"] in HOLDING)
    for session in world.rows["sessions"]:
        taken, held = session["seats_taken"], holding[session["id"]]
        if not taken == held <= session["capacity"]:
            what = f"{session['title']}: {taken} seats taken, {held} holding bookings, {session['capacity']} seats"
            yield Finding("seats", what)


def a_member_holds_one_booking_of_a_session(world: World) -> Iterator[Finding]:
    holding = [row for row in world.bookings.values() if row["status"] in HOLDING]
    counted = Counter((row["member_id"], row["session_id"]) for row in holding)
    for row in holding:
        if counted[row["member_id"], row["session_id"]] > 1:
            yield Finding("one booking each", f"member {row['member_id']} holds more than one", row["reference"])


def no_hold_outlives_its_expiry(world: World) -> Iterator[Finding]:
    """By the end a day has passed for every hold, and the commands have run."""
    for row in world.bookings.values():
        if row["status"] == "pending":
            yield Finding("holds end", f"still pending, expired at {row['expires_at']}", row["reference"])


def transitions_replay_to_the_present(world: World) -> Iterator[Finding]:
    for row in world.bookings.values():
        status = ""
        for step in world.transitions_of[row["id"]]:
            edge = (step["from_status"], step["to_status"])
            if step["from_status"] != status or edge not in EDGES:
                yield Finding("history", f"{edge} after {status!r}", row["reference"])
            status = step["to_status"]
        if status != row["status"]:
            yield Finding("history", f"replays to {status!r}, the row says {row['status']!r}", row["reference"])
