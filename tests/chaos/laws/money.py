"""No money is lost, kept or taken twice: the bookings and payments here against the intents at Stripe."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.chaos.laws.findings import Finding
from tests.chaos.world import World, plain

OVER = ("paid", "void")


def a_paid_card_booking_has_one_success_of_its_amount(world: World) -> Iterator[Finding]:
    prices = {row["id"]: row["amount"] for row in world.rows["sessions"]}
    for row in world.bookings.values():
        if row["status"] != "paid" or row["paid_with"] != "card":
            continue
        paid = [intent for intent in world.intents_for(row) if intent["status"] == "succeeded"]
        if len(paid) != 1:
            yield Finding("paid is paid", f"{len(paid)} succeeded intents", row["reference"])
        for intent in paid:
            amounts = {row["amount"], intent["amount_received"], intent["amount"], prices[row["session_id"]]}
            if len(amounts) > 1 or intent["currency"] != row["currency"]:
                yield Finding("paid is paid", f"amounts differ: {sorted(amounts)}", row["reference"])
            if intent["metadata"].get("booking") != row["reference"]:
                yield Finding("paid is paid", f"{intent['id']} names another booking", row["reference"])


def no_charge_without_booking_or_refund(world: World) -> Iterator[Finding]:
    owed = _owed(world)
    bookings = {plain(world.payments[number]["reference"]): row for number, row in world.booking_of_payment.items()}
    for reference, intents in world.intents_of_payment.items():
        booking = bookings.get(reference)
        received = sum(intent["amount_received"] for intent in intents)
        due, back = _kept(booking), owed[reference]
        if received != due + back:
            what = f"Stripe received {received}, booked {due}, owed back {back}"
            yield Finding("no charge without booking or refund", what, booking["reference"] if booking else "")


def _kept(booking: dict[str, Any] | None) -> int:
    """What the studio keeps of a booking that a card has paid: its price, less what cancelling it returned."""
    if booking is None or booking["paid_with"] != "card" or booking["status"] not in ("paid", "cancelled"):
        return 0
    return int(booking["amount"] - booking["returned_amount"])


def what_is_over_cannot_be_paid(world: World) -> Iterator[Finding]:
    for row in world.bookings.values():
        for intent in world.intents_for(row):
            if row["status"] in ("freed", "cancelled") and intent["status"] not in ("canceled", "succeeded"):
                what = f"{row['status']}, and {intent['id']} is {intent['status']}"
                yield Finding("void first, free second", what, row["reference"])


def nobody_was_freed_while_the_intent_could_be_paid(world: World) -> Iterator[Finding]:
    """A booking that was ever freed never sees a success: its intent was canceled before."""
    for row in world.bookings.values():
        freed = any(step["to_status"] == "freed" for step in world.transitions_of[row["id"]])
        for intent in world.intents_for(row):
            if freed and intent["status"] == "succeeded":
                yield Finding("void first, free second", f"freed, and {intent['id']} was paid", row["reference"])


def a_booking_has_one_intent_that_lives(world: World) -> Iterator[Finding]:
    for row in world.bookings.values():
        living = [intent["id"] for intent in world.intents_for(row) if intent["status"] != "canceled"]
        if len(living) > 1:
            yield Finding("one live intent", f"{len(living)} of them: {', '.join(living)}", row["reference"])


def every_intent_belongs_to_a_booking(world: World) -> Iterator[Finding]:
    known = {plain(row["reference"]) for row in world.rows["payments"]}
    for reference, intents in world.intents_of_payment.items():
        if reference not in known:
            yield Finding("one live intent", f"{intents[0]['id']} belongs to no payment")


def nothing_is_half_done(world: World) -> Iterator[Finding]:
    """Every payment has ended, as its intents have."""
    for number, payment in world.payments.items():
        booking = world.booking_of_payment.get(number, {"reference": ""})["reference"]
        there = sorted({intent["status"] for intent in world.intents_of_payment[plain(payment["reference"])]})
        if payment["status"] not in OVER:
            yield Finding("nothing half-done", f"payment is {payment['status']}, Stripe says {there}", booking)
        if payment["status"] == "paid" and "succeeded" not in there:
            yield Finding("paid is paid", f"payment is paid, Stripe says {there}", booking)


def _owed(world: World) -> dict[str, int]:
    owed: dict[str, int] = defaultdict(int)
    for refund in world.rows["refunds"]:
        owed[plain(world.payments[refund["payment_id"]]["reference"])] += refund["amount"]
    return owed
