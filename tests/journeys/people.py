"""What members do in the stories: small verbs, each a request by the front door, a WhatsApp or a look at the mail."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core import mail

from notifications.templates import CATALOGUE
from tests.cast import Caller, intent_of
from tests.notifications import phone

if TYPE_CHECKING:
    from tests.journeys.told import Studio

CARD, CREDITS = "card", "credits"


class Person:
    """A member with a phone, a mailbox and, for paying, a card."""

    def __init__(self, studio: "Studio", name: str, number: str) -> None:
        self.studio, self.name, self.number = studio, name, number
        self.email = f"{name.lower()}@example.com"
        self.caller, self.intent = Caller(), ""
        self.heard, self.read = 0, 0

    def comes_in(self, answer: Any) -> None:
        assert answer.status_code == 200, answer.content
        self.caller = Caller()
        self.caller.headers["X-Session-Token"] = answer.json()["meta"]["session_token"]

    def changes(self, **fields: Any) -> None:
        assert self.caller.patch("/api/members/me/", fields).status_code == 200

    def books(self, session: int, pay_with: str) -> str:
        """The reference; with a card the seat is held until it is paid."""
        answer = self.tries(session, pay_with)
        assert answer.status_code in (200, 201), answer.content
        if pay_with == CARD:
            self.intent = intent_of(answer)
        return str(answer.json()["reference"])

    def tries(self, session: int, pay_with: str) -> Any:
        return self.caller.post(f"/api/booking/sessions/{session}/book/", {"pay_with": pay_with})

    def buys(self, pack: int) -> str:
        answer = self.caller.post(f"/api/payments/packs/{pack}/buy/")
        assert answer.status_code == 201, answer.content
        self.intent = intent_of(answer)
        return str(answer.json()["purchase"])

    def pays(self) -> None:
        """The card goes through at Stripe, which tells the studio."""
        self.studio.sandbox.pays(self.intent)
        self.studio.post_arrives()

    def booking(self, reference: str) -> Any:
        return self.caller.booking(reference)

    def status(self, reference: str) -> str:
        return str(self.booking(reference)["status"])

    def bookings(self, **query: str) -> list[tuple[str, str]]:
        """Reference and status of each in the list, newest first."""
        rows = self.caller.get("/api/booking/bookings/", **query).json()["results"]
        return [(row["reference"], row["status"]) for row in rows]

    def credits(self) -> tuple[int, list[tuple[int, str]]]:
        """The balance, and what remains in each lot and where it is from."""
        account = self.caller.get("/api/payments/credits/").json()
        return account["balance"], [(lot["remaining"], lot["source"]) for lot in account["lots"]]

    def asks_what_returns(self, reference: str) -> Any:
        answer = self.caller.get(f"/api/booking/bookings/{reference}/cancellation/")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def cancels(self, reference: str, quote: str | None = None) -> Any:
        answer = self.caller.post(f"/api/booking/bookings/{reference}/cancel/", {"quote": quote})
        assert answer.status_code == 200, answer.content
        return answer.json()

    def waits_for(self, session: int) -> int:
        """Which one in line."""
        answer = self.caller.post(f"/api/booking/sessions/{session}/waitlist/")
        assert answer.status_code == 201, answer.content
        return int(answer.json()["position"])

    def place(self) -> tuple[str, str | None]:
        """What became of the latest wait, and the booking that is on offer."""
        row = self.caller.get("/api/booking/waitlist/").json()["results"][0]
        return row["status"], row["booking"]

    def writes(self, text: str) -> str:
        """A WhatsApp to the studio; what comes back to the phone."""
        return phone.write(text, phone=self.number)

    def hears(self) -> dict[str, str]:
        """The WhatsApps that came since the last look, by kind."""
        self.studio.rests()
        to = f"whatsapp:{self.number}"
        mine = [row for row in reversed(self.studio.sandbox.messages()) if row["to"] == to and row["content_sid"]]
        kinds = {sid: kind for kind, sid in settings.TWILIO_CONTENT_SIDS.items()}
        new, self.heard = mine[self.heard :], len(mine)
        return _by_kind((kinds[row["content_sid"]], row["body"]) for row in new)

    def reads(self) -> dict[str, str]:
        """The e-mails of the studio that came since the last look, by kind; not those about the account."""
        self.studio.rests()
        mine = [letter for letter in mail.outbox if letter.to == [self.email] and _kind_of(letter)]
        new, self.read = mine[self.read :], len(mine)
        return _by_kind((_kind_of(letter), letter.body) for letter in new)


def _kind_of(letter: Any) -> str:
    for kind, template in CATALOGUE.items():
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", ".+", re.escape(template.subject)), letter.subject):
            return kind
    return ""


def _by_kind(messages: Iterable[tuple[str, str]]) -> dict[str, str]:
    told: dict[str, str] = {}
    for kind, text in messages:
        assert kind not in told, f"told twice: {text}"
        told[kind] = text
    return told
