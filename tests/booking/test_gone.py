"""Members and sessions that go away while bookings and money of theirs are here: nothing is lost with them."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import Model, ProtectedError
from django.test import Client
from django.utils import timezone

from booking import integrity
from booking.models import Booking, ClassSession
from members.models import Member
from notifications import delivery
from notifications.models import Message
from payments.models import Payment, Refund
from tests.cast import Caller, Sandbox, age, give_credits, intent_of, seats_match, session, tell

SUCCEEDED = "payment_intent.succeeded"


def deactivated(member: Member) -> None:
    Member.objects.filter(pk=member.pk).update(is_active=False)


def erased(member: Member) -> None:
    """What stays when somebody asks to be forgotten: a row that names nobody."""
    Member.objects.filter(pk=member.pk).update(
        email=f"erased-{member.pk}@invalid", name="", phone="", whatsapp_opt_in=False, is_active=False
    )


def hear(sandbox: Sandbox) -> None:
    for event in sandbox.events(SUCCEEDED):
        assert tell(event).status_code == 200
    assert delivery.lane.wait(20)


def told() -> dict[str, tuple[str, str]]:
    return {message.kind: (message.status, message.reason) for message in Message.objects.all()}


def clean() -> bool:
    return not any(verdict.count for verdict in integrity.check(now=timezone.now()))


GONE = pytest.mark.parametrize("gone", [deactivated, erased])


@GONE
def test_the_payment_of_a_member_who_is_gone_is_settled(
    as_ana: Caller, ana: Member, sandbox: Sandbox, gone: Any
) -> None:
    held = as_ana.book(session())
    gone(ana)
    assert as_ana.book(session()).status_code == 401
    sandbox.pays(intent_of(held))
    hear(sandbox)
    assert Booking.objects.get().status == "paid"
    assert told()["booking_paid"] == (("sent", "") if gone is deactivated else ("skipped", "no_phone"))
    assert clean()


@GONE
def test_the_hold_of_a_member_who_is_gone_ends_like_any_other(
    as_ana: Caller, ana: Member, sandbox: Sandbox, gone: Any
) -> None:
    age(as_ana.book(session()).json()["reference"], 31)
    gone(ana)
    call_command("expire_pending_bookings")
    assert delivery.lane.wait(20)
    assert (Booking.objects.get().status, Payment.objects.get().status) == ("freed", "void")
    assert told()["hold_expired"] == (("sent", "") if gone is deactivated else ("skipped", "no_phone"))
    assert seats_match()
    assert clean()


@GONE
def test_late_money_of_a_member_who_is_gone_goes_back(as_ana: Caller, ana: Member, sandbox: Sandbox, gone: Any) -> None:
    one = session()
    held = as_ana.book(one)
    ClassSession.objects.update(starts_at=timezone.now() - timedelta(minutes=1))
    gone(ana)
    sandbox.pays(intent_of(held))
    hear(sandbox)
    call_command("submit_refunds")
    assert delivery.lane.wait(20)
    assert (Booking.objects.get().status, Refund.objects.get().status) == ("freed", "succeeded")
    assert [refund["amount"] for refund in sandbox.stripe("refunds")["data"]] == [1500]
    assert told()["refund_done"] == (("sent", "") if gone is deactivated else ("skipped", "no_phone"))
    assert clean()


@pytest.mark.parametrize("name", ["booking/classsession", "members/member"])
def test_what_has_bookings_cannot_be_deleted_in_the_admin(desk: Client, as_ana: Caller, ana: Member, name: str) -> None:
    give_credits(ana, 1)
    one = session()
    as_ana.book(one)
    pk = one.pk if name == "booking/classsession" else ana.pk
    assert desk.post(f"/admin/{name}/{pk}/delete/", {"post": "yes"}).status_code == 403
    desk.post(f"/admin/{name}/", {"action": "delete_selected", "_selected_action": [pk], "post": "yes"})
    assert (ClassSession.objects.count(), Member.objects.count(), Booking.objects.count()) == (1, 2, 1)


@pytest.mark.parametrize("what", ["session", "member"])
def test_what_has_bookings_cannot_be_deleted_in_the_database(as_ana: Caller, ana: Member, what: str) -> None:
    give_credits(ana, 1)
    one = session()
    as_ana.book(one)
    row: Model = one if what == "session" else ana
    with pytest.raises(ProtectedError):
        row.delete()
    table = row._meta.db_table
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE id = %s", [row.pk])
    assert Booking.objects.count() == 1
