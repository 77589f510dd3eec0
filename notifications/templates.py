"""The catalogue of messages: for each kind the variables its approved template needs, in order, and how it reads.

On WhatsApp the text is that of the approved template; an e-mail says it as it stands here.
"""

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True)
class Template:
    variables: tuple[str, ...]
    text: str
    subject: str


CATALOGUE = {
    "booking_paid": Template(
        ("name", "title", "start", "reference"),
        "Hi {name}, you are booked: {title}, {start}. Reference {reference}.",
        "You are booked: {title}, {start}",
    ),
    "payment_failed": Template(
        ("name", "title", "start"),
        "Hi {name}, your payment for {title}, {start}, failed and the seat is free again.",
        "Your payment for {title} failed",
    ),
    "hold_expired": Template(
        ("name", "title", "start"),
        "Hi {name}, your hold on {title}, {start}, ran out before it was paid.",
        "Your hold on {title} ran out",
    ),
    "booking_cancelled": Template(
        ("name", "title", "start", "returns"),
        "Hi {name}, your booking of {title}, {start}, is cancelled. {returns}",
        "Your booking is cancelled: {title}, {start}",
    ),
    "session_cancelled": Template(
        ("name", "title", "start", "returns"),
        "Hi {name}, the studio cancelled {title}, {start}. {returns}",
        "The studio cancelled {title}, {start}",
    ),
    "session_moved": Template(
        ("name", "title", "start", "new_start"),
        "Hi {name}, {title} of {start} has moved to {new_start}.",
        "{title} has moved to {new_start}",
    ),
    "waitlist_offer": Template(
        ("name", "title", "start", "deadline"),
        "Hi {name}, a seat is yours in {title}, {start}, until {deadline}.",
        "A seat for you: {title}, {start}",
    ),
    "offer_lapsed": Template(
        ("name", "title", "start", "deadline"),
        "Hi {name}, your offer for {title}, {start}, ran out at {deadline}.",
        "Your offer for {title} ran out",
    ),
    "refund_done": Template(
        ("name", "amount", "title"),
        "Hi {name}, {amount} for {title} is on its way back.",
        "{amount} is on its way back",
    ),
    "refund_failed": Template(
        ("name", "amount", "title"),
        "Hi {name}, we could not return {amount} for {title} yet.",
        "We could not return {amount} yet",
    ),
    "pack_paid": Template(
        ("name", "credits", "valid_until"),
        "Hi {name}, {credits} credits are yours until {valid_until}.",
        "{credits} credits are yours",
    ),
    "reminder": Template(
        ("name", "title", "start", "location"),
        "Hi {name}, see you soon: {title}, {start}, {location}.",
        "See you soon: {title}, {start}",
    ),
}
LONGEST_VARIABLE = 200


def content_variables(kind: str, values: dict[str, str]) -> dict[str, str]:
    """The numbered variables Twilio wants: one line each, never empty (Twilio refuses both), and no longer than 200."""
    tidy = _tidy(kind, values)
    return {str(number): tidy[name] for number, name in enumerate(CATALOGUE[kind].variables, start=1)}


def preview(kind: str, values: dict[str, str]) -> str:
    return CATALOGUE[kind].text.format_map(values)


def letter(kind: str, values: dict[str, str]) -> tuple[str, str]:
    """Subject and text of an e-mail, one line each, whatever line breaks and control characters the values hold."""
    template, tidy = CATALOGUE[kind], _tidy(kind, values)
    return template.subject.format_map(tidy), template.text.format_map(tidy)


def _tidy(kind: str, values: dict[str, str]) -> dict[str, str]:
    return {name: _one_line(values[name]) for name in CATALOGUE[kind].variables}


def _one_line(value: str) -> str:
    printable = "".join(" " if unicodedata.category(char) == "Cc" else char for char in value)
    return " ".join(printable.split())[:LONGEST_VARIABLE] or "-"
