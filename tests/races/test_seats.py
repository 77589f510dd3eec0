"""One session that everybody wants at one instant: as many bookings as seats, and a clean refusal for the rest."""

import pytest
from django.db.models import Sum

from booking.models import Booking, ClassSession
from notifications.models import Message
from payments.models import CreditEntry, CreditLot, CreditSpend, Payment
from tests.cast import Sandbox, seats_match
from tests.races import laws
from tests.races.clients import at_once, book, tally
from tests.races.crowd import crowd
from tests.races.server import Server
from tests.races.sizes import CLIENTS, RUSH, SEATS

pytestmark = pytest.mark.load


def test_a_rush_with_credits_sells_every_seat_once(server: Server, yoga: ClassSession) -> None:
    answers = at_once(server.base, [book(member, yoga) for member in crowd(RUSH, credits_each=1)])
    assert tally(answers) == {(201, ""): SEATS, (409, "session_full"): RUSH - SEATS}
    yoga.refresh_from_db()
    assert yoga.seats_taken == SEATS
    assert seats_match()
    booked = {answer.json["reference"] for answer in answers if answer.status == 201}
    assert set(Booking.objects.values_list("reference", flat=True)) == booked
    assert CreditLot.objects.aggregate(left=Sum("remaining"))["left"] == RUSH - SEATS
    spent = Booking.objects.filter(status="paid", credits_spent=1, credit_spend__entries__credits=-1)
    assert spent.count() == CreditSpend.objects.count() == CreditEntry.objects.filter(kind="spent").count() == SEATS
    assert Message.objects.filter(kind="booking_paid").count() == Message.objects.count() == SEATS


def test_a_rush_by_card_holds_every_seat_once(server: Server, yoga: ClassSession, sandbox: Sandbox) -> None:
    answers = at_once(server.base, [book(member, yoga, "card") for member in crowd(CLIENTS)])
    assert tally(answers) == {(201, ""): SEATS, (409, "session_full"): CLIENTS - SEATS}
    yoga.refresh_from_db()
    assert yoga.seats_taken == SEATS
    assert seats_match()
    secrets = {answer.json["stripe_client_secret"] for answer in answers if answer.status == 201}
    assert {intent["client_secret"] for intent in sandbox.intents()} == secrets
    assert sandbox.creates() == Payment.objects.filter(status="open").count() == Payment.objects.count() == SEATS


def test_without_the_conditional_update_a_rush_oversells(unguarded: Server, yoga: ClassSession) -> None:
    asks = [book(member, yoga).without("seats") for member in crowd(20, credits_each=1)]
    answers = at_once(unguarded.base, asks)
    assert tally(answers)[201, ""] == Booking.objects.filter(status="paid").count() > SEATS
    assert not seats_match()
    assert [law.split(":")[0] for law in laws.broken()] == ["seats"]
