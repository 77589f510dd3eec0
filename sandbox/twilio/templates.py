"""The sandbox's own content templates, so that a message reads as it would on the phone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PLACE = re.compile(r"\{\{(\d+)\}\}")


@dataclass(frozen=True)
class Template:
    """A text with places {{1}}, {{2}}, and what stands in each when it is not given."""

    text: str
    samples: tuple[str, ...]

    def rendered(self, variables: Mapping[str, str]) -> str:
        """The text as it is read."""
        return _PLACE.sub(lambda place: variables.get(place[1], self.samples[int(place[1]) - 1]), self.text)

    def has(self, variables: Mapping[str, str]) -> bool:
        """Whether each of the variables has a place."""
        return set(variables) <= {str(number) for number in range(1, len(self.samples) + 1)}


_WHO = ("Ana", "Morning yoga", "Mon 7 Sep, 07:00")
BY_KIND = {
    "booking_paid": Template(
        "Hello {{1}}, your place in *{{2}}* is booked: {{3}}. Your reference is *{{4}}*.", (*_WHO, "7Q2M9XKD")
    ),
    "payment_failed": Template(
        "Hello {{1}}, the payment for *{{2}}* ({{3}}) did not go through, so the place is open to others again.", _WHO
    ),
    "hold_expired": Template(
        "Hello {{1}}, the time to pay for *{{2}}* ({{3}}) is over and your place is no longer kept.", _WHO
    ),
    "booking_cancelled": Template(
        "Hello {{1}}, your place in *{{2}}* ({{3}}) is cancelled. Returned to you: {{4}}.", (*_WHO, "1 credit")
    ),
    "session_cancelled": Template(
        "Hello {{1}}, we are sorry: *{{2}}* ({{3}}) will not take place. Returned to you: {{4}}.", (*_WHO, "£15.00")
    ),
    "session_moved": Template(
        "Hello {{1}}, *{{2}}* of {{3}} now begins at {{4}}. Your place moves with it.", (*_WHO, "Mon 7 Sep, 08:00")
    ),
    "waitlist_offer": Template(
        "Hello {{1}}, a place in *{{2}}* ({{3}}) has come free. It is kept for you until {{4}}.", (*_WHO, "12:00")
    ),
    "offer_lapsed": Template(
        "Hello {{1}}, the place in *{{2}}* ({{3}}) was kept for you until {{4}} and has gone to the next in line.",
        (*_WHO, "12:00"),
    ),
    "refund_done": Template("Hello {{1}}, we have sent back {{2}} for *{{3}}*.", ("Ana", "£15.00", "Morning yoga")),
    "refund_failed": Template(
        "Hello {{1}}, sending back {{2}} for *{{3}}* did not work. We are looking into it.",
        ("Ana", "£15.00", "Morning yoga"),
    ),
    "pack_paid": Template(
        "Hello {{1}}, you have {{2}} new credits. They are good until {{3}}.", ("Ana", "10", "1 March")
    ),
    "reminder": Template("Hello {{1}}, soon: *{{2}}*, {{3}}, at {{4}}.", (*_WHO, "Studio 1")),
}


def rendered(template: Template | None, variables: Mapping[str, str]) -> str:
    """The body of a message; where the template is not known here, its variables."""
    return template.rendered(variables) if template else " | ".join(variables.values())
