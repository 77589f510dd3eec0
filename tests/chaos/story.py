"""The story of one booking: everything that is known of it, in order, for whoever has to find out why."""

from collections.abc import Iterator
from typing import Any

from tests.chaos.sights import since
from tests.chaos.world import World, plain

Line = tuple[float, str]


def told(world: World, reference: str) -> list[str]:
    """One line an event, with the seconds since the storm began."""
    booking = world.bookings[reference]
    intents = {intent["id"]: intent for intent in world.intents_for(booking)}
    payment = world.payments.get(booking["payment_id"])
    lines = [*_of_program(world, booking, payment), *_of_clients(world, booking, set(intents))]
    if payment:
        lines += _of_stripe(world, payment, set(intents))
    heading = f"{reference}: {booking['status']} {booking['ended_reason']}, session {booking['session_id']}, "
    heading += f"member {booking['member_id']}, {booking['amount']} {booking['currency']}"
    if payment:
        heading += f"; payment {payment['status']} {payment['void_reason']} {payment['review_reason']}"
    heading += "".join(f"; {name} {intent['status']}" for name, intent in intents.items())
    return [heading, *(f"  {at:7.2f}  {what}" for at, what in sorted(lines))]


def _of_program(world: World, booking: dict[str, Any], payment: dict[str, Any] | None) -> Iterator[Line]:
    for step in world.transitions_of[booking["id"]]:
        what = f"booking {step['from_status'] or '–'} → {step['to_status']}: {step['reason']}, by {step['by']}"
        yield since(world, step["at"]), what
    for event in world.rows["received"]:
        if payment and event["payment_id"] == payment["id"]:
            yield since(world, event["received_at"]), f"program took {event['type']} {event['event_id']}"
    for message in world.rows["messages"]:
        if message["subject"] == f"booking:{booking['reference']}" and message["ended_at"]:
            yield since(world, message["ended_at"]), f"message {message['kind']} {message['status']}"


def _of_clients(world: World, booking: dict[str, Any], intents: set[str]) -> Iterator[Line]:
    for answer in world.notebook.answers:
        ours = (answer.member, answer.session) == (booking["member_id"], booking["session_id"])
        if answer.reference == booking["reference"] or (ours and answer.reference is None):
            said = f"{answer.status} {answer.code or answer.body.get('status', '')}"
            yield answer.asked, f"client asks: {answer.act} (key {answer.key}); at {answer.heard:.2f} it hears {said}"
    for deed in world.notebook.deeds:
        about_it = deed.reference == booking["reference"] or deed.intent in intents
        if about_it or not (deed.reference or deed.intent):
            yield deed.at, f"{deed.who}: {deed.what} {deed.outcome}"


def _of_stripe(world: World, payment: dict[str, Any], intents: set[str]) -> Iterator[Line]:
    began = world.notebook.clock.began
    for one in world.deliveries:
        if one["object"] in intents:
            what = f"Stripe delivers {one['type']} {one['event']} as {one['as']}, try {one['attempt']}"
            yield one["at"] - began, f"{what}: {one['state']} {one['status'] or one['error'] or ''}"
    for request in world.requests:
        ours = plain(payment["reference"]) in plain(request["idempotency_key"] or "")
        if ours or any(intent in request["path"] for intent in intents):
            what = f"request {request['method']} {request['path']} → {request['status']}"
            yield request["at"] - began, f"{what}{' ' + request['fault'] if request['fault'] else ''}"
