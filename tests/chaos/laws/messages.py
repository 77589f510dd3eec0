"""Whoever is booked is told so once, or a row says why not."""

from collections import Counter
from collections.abc import Iterator

from sandbox.environment import CONTENT_SIDS
from tests.chaos.laws.findings import Finding
from tests.chaos.world import World

TOLD = ("sent", "delivered", "read")
STATED = ("failed", "skipped")


def a_paid_booking_is_confirmed_once(world: World) -> Iterator[Finding]:
    arrived = Counter(
        message["variables"].get("4")
        for message in world.sent
        if message["content_sid"] == CONTENT_SIDS["booking_paid"]
    )
    owed = {row["subject"]: row for row in world.rows["messages"] if row["kind"] == "booking_paid"}
    for reference, booking in world.bookings.items():
        was_paid = any(step["to_status"] == "paid" for step in world.transitions_of[booking["id"]])
        message = owed.get(f"booking:{reference}")
        if was_paid != (message is not None):
            yield Finding("confirmations", f"paid: {was_paid}, a message is owed: {message is not None}", reference)
        if arrived[reference] > 1:
            yield Finding("confirmations", f"confirmed {arrived[reference]} times", reference)
        if message and message["status"] in TOLD and not arrived[reference]:
            yield Finding("confirmations", f"the row says {message['status']}, Twilio has none", reference)


def no_message_is_lost_without_a_reason(world: World) -> Iterator[Finding]:
    for message in world.rows["messages"]:
        about = f"{message['kind']} of {message['subject']} is {message['status']} ({message['reason']})"
        ended = message["status"] in TOLD or (message["status"] in STATED and message["reason"])
        if not ended:
            yield Finding("messages", about, message["subject"].removeprefix("booking:"))
