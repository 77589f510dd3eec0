"""The catalogue of messages: for each kind the variables its approved template needs, in order, and how it reads.

The text is Twilio's to send: it stands here for people who run the program without Twilio.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Template:
    variables: tuple[str, ...]
    text: str


CATALOGUE = {
    "booking_paid": Template(
        ("name", "title", "start", "reference"), "Hi {name}, you are booked: {title}, {start}. Reference {reference}."
    ),
    "payment_failed": Template(
        ("name", "title", "start"), "Hi {name}, your payment for {title}, {start}, failed and the seat is free again."
    ),
    "hold_expired": Template(
        ("name", "title", "start"), "Hi {name}, your hold on {title}, {start}, ran out before it was paid."
    ),
    "booking_cancelled": Template(
        ("name", "title", "start", "returns"), "Hi {name}, your booking of {title}, {start}, is cancelled. {returns}"
    ),
    "session_cancelled": Template(
        ("name", "title", "start", "returns"), "Hi {name}, the studio cancelled {title}, {start}. {returns}"
    ),
    "session_moved": Template(
        ("name", "title", "start", "new_start"), "Hi {name}, {title} of {start} has moved to {new_start}."
    ),
    "waitlist_offer": Template(
        ("name", "title", "start", "deadline"), "Hi {name}, a seat is yours in {title}, {start}, until {deadline}."
    ),
    "offer_lapsed": Template(
        ("name", "title", "start", "deadline"), "Hi {name}, your offer for {title}, {start}, ran out at {deadline}."
    ),
    "refund_done": Template(("name", "amount", "title"), "Hi {name}, {amount} for {title} is on its way back."),
    "refund_failed": Template(("name", "amount", "title"), "Hi {name}, we could not return {amount} for {title} yet."),
    "pack_paid": Template(
        ("name", "credits", "valid_until"), "Hi {name}, {credits} credits are yours until {valid_until}."
    ),
    "reminder": Template(
        ("name", "title", "start", "location"), "Hi {name}, see you soon: {title}, {start}, {location}."
    ),
}
LONGEST_VARIABLE = 200


def content_variables(kind: str, values: dict[str, str]) -> dict[str, str]:
    """The numbered variables Twilio wants: one line each, never empty (Twilio refuses both), and no longer than 200."""
    tidy = (" ".join(values[name].split())[:LONGEST_VARIABLE] or "-" for name in CATALOGUE[kind].variables)
    return {str(number): value for number, value in enumerate(tidy, start=1)}


def preview(kind: str, values: dict[str, str]) -> str:
    return CATALOGUE[kind].text.format_map(values)
