"""`check_integrity`: every law finds its violation, and passes what only looks like one."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from booking.models import Booking, BookingTransition, ClassSession
from members.models import Member
from notifications import delivery
from notifications.models import Message
from payments.models import CreditEntry, CreditLot, CreditSpend, Payment, Refund, UnmatchedMoney
from tests.cast import Caller, Sandbox, age, give_credits, intent_of, session, tell

NOW = timezone.now
LONG = timedelta(days=2)


def judge() -> tuple[int, dict[str, int]]:
    """The command's exit status, and how often each law is broken."""
    out = StringIO()
    try:
        call_command("check_integrity", "--json", stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), broken(out)
    return 0, broken(out)


def broken(out: StringIO) -> dict[str, int]:
    return {law["name"]: law["count"] for law in json.loads(out.getvalue())["laws"] if law["count"]}


@pytest.fixture
def studio(as_ana: Caller, as_ben: Caller, ana: Member, ben: Member, sandbox: Sandbox) -> ClassSession:
    """A studio in which everything has happened once: credits, card, free, a hold, an expired one, a late payment."""
    give_credits(ana, 3)
    give_credits(ben, 1, expires_at=NOW() + timedelta(days=30))
    first = session(title="First")
    as_ana.book(first, "credits")
    for event in paid(sandbox, as_ben.book(first, "card")):
        tell(event)
    as_ana.book(session(title="Free", amount=0))
    as_ana.book(session(title="Held"), "card")
    stale = as_ben.book(session(title="Stale"), "card").json()["reference"]
    age(stale, 60)
    call_command("expire_pending_bookings", stdout=StringIO())
    late = as_ben.book(session(title="Late"), "card")
    events = paid(sandbox, late)
    ClassSession.objects.filter(title="Late").update(starts_at=NOW() - timedelta(minutes=1))
    tell(events[0] | {"created": int(NOW().timestamp())})
    assert delivery.lane.wait(20)
    return first


def paid(sandbox: Sandbox, held: Any) -> list[Any]:
    sandbox.pays(intent_of(held))
    return [e for e in sandbox.events("payment_intent.succeeded") if e["data"]["object"]["id"] == intent_of(held)]


def card() -> Booking:
    return Booking.objects.select_related("payment").get(paid_with="card", status="paid")


def wrong_seats() -> None:
    ClassSession.objects.filter(title="First").update(seats_taken=1)


def old_hold() -> None:
    Booking.objects.filter(status="pending").update(expires_at=NOW() - timedelta(hours=1))


def hold_of_a_cancelled_session() -> None:
    ClassSession.objects.filter(title="Held").update(status="cancelled")
    Booking.objects.filter(status="pending").update(created_at=NOW() - timedelta(hours=1))


def lost_entry() -> None:
    CreditEntry.objects.filter(kind="spent").delete()


def lot_with_too_much() -> None:
    lot = CreditLot.objects.filter(remaining=2).get()
    lot.remaining = 3
    lot.save()


def spend_of_nothing() -> None:
    now = NOW()
    CreditSpend.objects.create(subject="booking:NOWHERE1", member=Member.objects.all()[0], credits=1, created_at=now)


def other_amount() -> None:
    Booking.objects.filter(pk=card().pk).update(amount=1)


def unpaid_payment() -> None:
    Payment.objects.filter(pk=card().payment_id).update(status="open")


def unreturned_money() -> None:
    Refund.objects.all().delete()


def half_returned() -> None:
    Refund.objects.update(amount=1499)


def returned_twice() -> None:
    refund = Refund.objects.get()
    Refund.objects.create(
        payment=refund.payment, key="twice", amount=1, currency="gbp", reason="x", due_at=NOW(), created_at=NOW()
    )


def skipped_transition() -> None:
    BookingTransition.objects.filter(booking=card(), from_status="pending").delete()


def illegal_edge() -> None:
    booking = card()
    for from_, to in (("paid", "pending"), ("pending", "paid")):
        BookingTransition.objects.create(booking=booking, from_status=from_, to_status=to, reason="x", by="x", at=NOW())


def untold() -> None:
    Message.objects.filter(kind="booking_paid", subject=card().subject).delete()


def failed_without_reason() -> None:
    Message.objects.filter(kind="booking_paid", subject=card().subject).update(status="failed", reason="")


def stuck_void() -> None:
    Payment.objects.filter(status="open").update(status="voiding", created_at=NOW() - LONG)


def unsettled() -> None:
    Payment.objects.filter(status="open").update(status="void")


def old_debt() -> None:
    Refund.objects.update(due_at=NOW() - LONG)


def old_message() -> None:
    one = Message.objects.filter(kind="hold_expired")[0]
    Message.objects.filter(pk=one.pk).update(status="queued", due_at=NOW() - LONG)


def secret_in_a_name() -> None:
    Member.objects.filter(name="Ana").update(name="pi_3Abc_secret_xyz")


def key_in_a_message() -> None:
    message = Message.objects.all()[0]
    message.variables["title"] = "sk_live_51abc"
    message.save()


VIOLATIONS: list[tuple[str, Callable[[], None]]] = [
    ("seats", wrong_seats),
    ("stale_holds", old_hold),
    ("stale_holds", hold_of_a_cancelled_session),
    ("lots", lost_entry),
    ("lots", lot_with_too_much),
    ("spends", spend_of_nothing),
    ("spends", lost_entry),
    ("card_bookings", other_amount),
    ("card_bookings", unpaid_payment),
    ("payments", unreturned_money),
    ("payments", half_returned),
    ("refunds", returned_twice),
    ("transitions", skipped_transition),
    ("transitions", illegal_edge),
    ("confirmations", untold),
    ("confirmations", failed_without_reason),
    ("half_done", stuck_void),
    ("half_done", unsettled),
    ("half_done", old_debt),
    ("half_done", old_message),
    ("secrets", secret_in_a_name),
    ("secrets", key_in_a_message),
]


@pytest.mark.parametrize(("law", "break_it"), VIOLATIONS, ids=[f"{law}-{act.__name__}" for law, act in VIOLATIONS])
def test_a_law_finds_its_violation(studio: ClassSession, law: str, break_it: Callable[[], None]) -> None:
    break_it()
    status, found = judge()
    assert (status, found[law]) == (1, 1), found


def test_a_second_holding_booking_is_found_where_the_index_is_missing(studio: ClassSession) -> None:
    """What the database itself refuses, the law would see: a restored backup may lack an index."""
    index = "one_holding_booking_per_member_and_session"
    with connection.schema_editor() as editor:
        constraint = next(one for one in Booking._meta.constraints if one.name == index)
        editor.remove_constraint(Booking, constraint)
    booking = card()
    try:
        booking.pk, booking.reference, booking.payment, booking.idempotency_key = None, "TW1CE000", None, None
        booking.paid_with, booking.amount = "free", 0
        booking.save(force_insert=True)
        assert judge()[1]["one_booking"] == 1
    finally:
        Booking.objects.filter(reference="TW1CE000").delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Booking, constraint)


def look_alikes() -> None:
    """A hold just past its expiry, a refund not due yet, a failed one, a contested debt, unmatched money, a garden."""
    now = NOW()
    Booking.objects.filter(status="pending").update(expires_at=now - timedelta(minutes=5))
    refund = Refund.objects.get()
    more = {"payment": refund.payment, "currency": "gbp", "reason": "x", "created_at": now}
    Refund.objects.create(key="failed", amount=1500, status="failed", due_at=now - LONG, **more)
    refund.payment.disputes.create(stripe_dispute_id="dp_1", amount=1500, currency="gbp", status="lost", created_at=now)
    Refund.objects.filter(pk=refund.pk).update(due_at=now - LONG)
    open_ = Payment.objects.filter(status="void").get()
    Payment.objects.filter(pk=open_.pk).update(status="paid", amount_received=1500)
    UnmatchedMoney.objects.create(
        stripe_id="pi_1", payment=open_, amount=1500, currency="gbp", why="second", found_at=now
    )
    ClassSession.objects.filter(title="First").update(description="The secret garden: pi and a whisper")
    Message.objects.filter(kind="booking_paid").update(status="skipped", reason="no_consent")
    Message.objects.filter(kind="hold_expired").update(status="queued", due_at=now + LONG)


def test_a_healthy_studio_is_clean(studio: ClassSession) -> None:
    assert judge() == (0, {})


def test_what_only_looks_like_a_violation_passes(studio: ClassSession) -> None:
    look_alikes()
    assert judge() == (0, {})


def test_the_summary_is_one_line_and_the_details_name_what_is_wrong(studio: ClassSession, capsys: Any) -> None:
    wrong_seats()
    for verbosity in (1, 2):
        with pytest.raises(SystemExit):
            call_command("check_integrity", verbosity=verbosity)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == lines[-1] == "check_integrity: 12 laws, 1 findings (seats 1)"
    assert f"  session {studio.pk}: 1 taken, 2 held, capacity 10" in lines


def test_a_database_that_cannot_be_read_is_no_clean_one(studio: ClassSession, capsys: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_refund RENAME TO payments_refund_gone")
    try:
        with pytest.raises(SystemExit) as ended:
            call_command("check_integrity")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE payments_refund_gone RENAME TO payments_refund")
    assert ended.value.code == 2
    assert "could not be read" in capsys.readouterr().err
