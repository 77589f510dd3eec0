"""Lots and entries: earliest expiry first, valid by the session's date, never below zero."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from booking.models import Booking
from members.models import Member
from payments import credits
from payments.models import CreditEntry, CreditLot, CreditSpend
from tests.cast import Caller, Sandbox, code, give_credits, session

GRANTS, CREDITS = "/api/payments/credits/grants/", "/api/payments/credits/"


def days(number: float) -> Any:
    return timezone.now() + timedelta(days=number)


def remaining() -> list[int]:
    return list(CreditLot.objects.order_by("id").values_list("remaining", flat=True))


def books_balance() -> bool:
    return all(lot.remaining == sum(entry.credits for entry in lot.entries.all()) for lot in CreditLot.objects.all())


def test_staff_grant_credits_and_the_member_sees_them(as_carla: Caller, as_ana: Caller, ana: Member) -> None:
    wish = {"member": ana.pk, "credits": 3, "note": "Sorry for the cold studio", "expires_at": days(30).isoformat()}
    answer = as_carla.post(GRANTS, wish)
    assert (answer.status_code, answer.json()["credits"], answer.json()["remaining"]) == (201, 3, 3)
    body = as_ana.get(CREDITS).json()
    assert body["balance"] == 3
    assert set(body["lots"][0]) == {"remaining", "granted", "expires_at", "source"}
    assert [(entry["kind"], entry["credits"]) for entry in body["entries"]] == [("granted", 3)]


def test_a_grant_repeated_under_its_key_is_given_once(as_carla: Caller, ana: Member) -> None:
    wish = {"member": ana.pk, "credits": 3, "note": "thanks"}
    first, again = (as_carla.post(GRANTS, wish, Idempotency_Key="g1") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = as_carla.post(GRANTS, {**wish, "credits": 4}, Idempotency_Key="g1")
    assert (other.status_code, code(other)) == (422, "idempotency_key_reused")
    assert remaining() == [3]


@pytest.mark.parametrize(
    "change",
    [
        {"credits": 0}, {"credits": -1}, {"credits": 1.5}, {"credits": 10**30}, {"credits": None}, {"member": 999},
        {"member": "ana"}, {"note": ""}, {"note": "x" * 201}, {"expires_at": "2020-01-01T00:00Z"}, {"member": 10**30},
    ],
    ids=str,
)  # fmt: skip
def test_a_grant_that_makes_no_sense_is_refused(as_carla: Caller, ana: Member, change: dict[str, Any]) -> None:
    answer = as_carla.post(GRANTS, {"member": ana.pk, "credits": 1, "note": "thanks", **change})
    assert answer.status_code == 400
    assert remaining() == []


def test_members_grant_themselves_nothing(as_ana: Caller, anyone: Caller, ana: Member) -> None:
    wish = {"member": ana.pk, "credits": 100, "note": "me"}
    assert as_ana.post(GRANTS, wish).status_code == 403
    assert anyone.post(GRANTS, wish).status_code == 401
    assert anyone.get(CREDITS).status_code == 401


def test_the_lot_that_expires_first_is_spent_first(as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 2)
    give_credits(ana, 2, expires_at=days(20))
    give_credits(ana, 2, expires_at=days(10))
    as_ana.book(session(credits_required=3))
    assert remaining() == [2, 1, 0]
    assert CreditSpend.objects.get().credits == 3
    assert sorted(CreditEntry.objects.filter(kind="spent").values_list("credits", flat=True)) == [-2, -1]
    assert books_balance()


def test_a_lot_pays_only_for_sessions_that_start_before_it_expires(
    as_ana: Caller, ana: Member, sandbox: Sandbox
) -> None:
    give_credits(ana, 1, expires_at=days(3))
    after, exactly, before = session(starts_at=days(4)), session(starts_at=days(3) + timedelta(hours=1)), session()
    for late in (after, exactly):
        answer = as_ana.book(late, "credits")
        assert (answer.status_code, code(answer)) == (409, "insufficient_credits")
    assert as_ana.book(after).json()["status"] == "pending"
    assert as_ana.book(before).json()["paid_with"] == "credits"


def test_expired_credits_are_no_balance(as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 2, expires_at=days(1))
    give_credits(ana, 1)
    CreditLot.objects.filter(granted=2).update(expires_at=days(-1))
    body = as_ana.get(CREDITS).json()
    assert (body["balance"], len(body["lots"]), len(body["entries"])) == (1, 1, 2)


def test_another_members_credits_pay_for_nothing(as_ana: Caller, ben: Member) -> None:
    give_credits(ben, 5)
    assert code(as_ana.book(session(), "credits")) == "insufficient_credits"
    assert remaining() == [5]


def test_a_booking_that_finds_no_seat_costs_nothing(as_ana: Caller, ana: Member) -> None:
    """The seat is the last thing taken: a session that fills up in between undoes the spend."""
    from booking import checkout, seats
    from booking.exceptions import SessionFull
    from booking.models import ClassSession

    give_credits(ana, 1)
    one = session(capacity=1)
    read_earlier = ClassSession.objects.get(pk=one.pk)
    seats.take(one, now=timezone.now())
    order = checkout.Order(ana, read_earlier, "auto", None, timezone.now(), "ABCD1234")
    with pytest.raises(SessionFull):
        checkout._book_new(order)
    assert (remaining(), Booking.objects.count(), CreditSpend.objects.count()) == ([1], 0, 0)


def test_money_owed_twice_for_one_reason_is_one_refund(ana: Member) -> None:
    from payments import intents, refunds
    from payments.models import Refund

    now = timezone.now()
    payment = intents.propose(subject="booking:X", member=ana, amount=500, currency="gbp", description="x", now=now)
    payment.amount_received = 500
    for later in (0, 1):
        refunds.owe(payment, amount=500, reason="late_payment", now=now + timedelta(minutes=later))
    assert Refund.objects.count() == 1


def test_a_grant_says_who_gave_it_and_when(as_carla: Caller, ana: Member, carla: Member) -> None:
    body = {"member": ana.pk, "credits": 3, "note": "thanks"}
    for key in ("k", None):
        CreditEntry.objects.all().delete()
        CreditLot.objects.all().delete()
        headers = {"Idempotency_Key": key} if key else {}
        assert as_carla.post(GRANTS, body, **headers).status_code == 201
        lot = CreditLot.objects.get()
        assert (lot.granted_by, lot.idempotency_key, lot.remaining, lot.note) == (carla, key, 3, "thanks")
        assert CreditEntry.objects.get().created_at == lot.created_at


def test_one_key_of_two_members_of_staff_gives_twice(as_carla: Caller, ana: Member, ben: Member) -> None:
    ben.is_staff = True
    ben.save()
    body = {"member": ana.pk, "credits": 3, "note": "thanks"}
    for caller in (as_carla, Caller(ben)):
        assert caller.post(GRANTS, body, Idempotency_Key="k").status_code == 201
    assert remaining() == [3, 3]


def test_an_empty_lot_is_not_shown(as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    as_ana.book(session())
    assert as_ana.get("/api/payments/credits/").json()["lots"] == []


@pytest.mark.parametrize("left", [0, 2], ids=["emptied", "partly spent"])
def test_lots_that_another_tab_has_drawn_on_since_they_were_read_still_pay_together(ana: Member, left: int) -> None:
    """In one round: what is left in the first, and the rest from the next."""
    give_credits(ana, 3)
    give_credits(ana, 3)
    now = timezone.now()
    read_earlier = list(credits.usable(ana, at=now))
    assert read_earlier[0].withdraw(3 - left)
    with transaction.atomic():
        promised = credits.promise(member=ana, credits=3, subject="booking:X", now=now)
        credits.spend(promised, lots=read_earlier, now=now)
    assert remaining() == [0, left]
    spent = CreditEntry.objects.filter(kind="spent").order_by("id").values_list("credits", flat=True)
    assert list(spent) == ([-2, -1] if left else [-3])
