"""Stripe's events, in any order and any number of times."""

import copy
import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from booking.models import Booking, BookingTransition, ClassSession
from members.models import Member
from notifications.models import Message
from payments import intents
from payments.models import Payment, Refund, StripeEvent
from tests.cast import (
    WEBHOOK,
    Caller,
    Sandbox,
    age,
    code,
    give_credits,
    intent_of,
    paid_by_card,
    seats_match,
    session,
    tell,
    tell_raw,
)

SUCCEEDED, FAILED = "payment_intent.succeeded", "payment_intent.payment_failed"
CANCELED, PROCESSING = "payment_intent.canceled", "payment_intent.processing"
NEXT = itertools.count()


@pytest.fixture
def held(as_ana: Caller, sandbox: Sandbox) -> Any:
    """Ana's hold on the only seat of a session, as the answer she got."""
    return as_ana.book(session(capacity=1))


def event_of(sandbox: Sandbox, type_: str, **changes: Any) -> Any:
    """The newest event of a type, or one made from the newest of any type; under an id of its own."""
    found = sandbox.events(type_) or sandbox.events("payment_intent.created")
    event = copy.deepcopy(found[0])
    status = {SUCCEEDED: "succeeded", CANCELED: "canceled", PROCESSING: "processing", FAILED: "requires_payment_method"}
    event["id"] = f"evt_test_{next(NEXT)}"
    event["type"] = type_
    event["data"]["object"]["status"] = status.get(type_, event["data"]["object"]["status"])
    if type_ == SUCCEEDED:
        event["data"]["object"]["amount_received"] = event["data"]["object"]["amount"]
    event["data"]["object"].update(changes)
    return event


def only_booking() -> Booking:
    return Booking.objects.select_related("payment", "session").get()


def test_success_makes_the_booking_paid_and_owes_the_confirmation(held: Any, sandbox: Sandbox, as_ana: Caller) -> None:
    sandbox.pays(intent_of(held))
    answer = tell(sandbox.events(SUCCEEDED)[0])
    assert (answer.status_code, answer.json()) == (200, {"received": "applied"})
    booking = only_booking()
    assert (booking.status, booking.paid_with, booking.payment.status) == ("paid", "card", "paid")
    assert booking.payment.amount_received == 1500
    assert as_ana.history(booking.reference) == [(None, "pending", "hold"), ("pending", "paid", "payment_succeeded")]
    assert Message.objects.get().kind == "booking_paid"


def test_the_same_event_ten_times_counts_once(held: Any, sandbox: Sandbox) -> None:
    sandbox.pays(intent_of(held))
    event = sandbox.events(SUCCEEDED)[0]
    outcomes = [tell(event).json()["received"] for _ in range(10)]
    assert outcomes == ["applied"] + ["repeated"] * 9
    assert (StripeEvent.objects.count(), BookingTransition.objects.count(), Message.objects.count()) == (1, 2, 1)


def test_one_success_under_twenty_event_ids_counts_once(held: Any, sandbox: Sandbox) -> None:
    sandbox.pays(intent_of(held))
    for _ in range(20):
        assert tell(event_of(sandbox, SUCCEEDED)).status_code == 200
    assert (BookingTransition.objects.count(), Message.objects.count()) == (2, 1)


def test_a_decline_frees_the_seat_and_voids_the_intent(held: Any, sandbox: Sandbox, as_ana: Caller) -> None:
    sandbox.pays(intent_of(held), "pm_card_visa_chargeDeclinedInsufficientFunds")
    assert tell(sandbox.events(FAILED)[0]).status_code == 200
    assert intents.lane.wait(20)
    booking = only_booking()
    assert (booking.status, booking.ended_reason) == ("freed", "payment_failed")
    assert (booking.payment.status, booking.payment.decline_code) == ("void", "insufficient_funds")
    assert sandbox.intent(intent_of(held))["status"] == "canceled"
    assert booking.session.seats_taken == 0
    assert Message.objects.get().kind == "payment_failed"


def test_under_the_policy_hold_a_decline_leaves_the_hold_for_another_card(
    held: Any, sandbox: Sandbox, settings: Any
) -> None:
    settings.PAYMENT_FAILED_POLICY = "hold"
    sandbox.pays(intent_of(held), "pm_card_chargeDeclined")
    tell(sandbox.events(FAILED)[0])
    booking = only_booking()
    assert (booking.status, booking.payment.status, booking.payment.failure_code) == (
        "pending",
        "open",
        "card_declined",
    )
    sandbox.pays(intent_of(held))
    tell(sandbox.events(SUCCEEDED)[0])
    assert only_booking().status == "paid"


def test_a_decline_that_was_mended_at_once_ends_paid(held: Any, sandbox: Sandbox) -> None:
    sandbox.pays(intent_of(held), "pm_card_chargeDeclined")
    sandbox.pays(intent_of(held))
    tell(sandbox.events(FAILED)[0])
    assert intents.lane.wait(20)
    assert only_booking().status == "paid"
    tell(sandbox.events(SUCCEEDED)[0])
    assert (only_booking().status, BookingTransition.objects.count(), Message.objects.count()) == ("paid", 2, 1)


def test_a_decline_while_stripe_is_down_keeps_the_seat_until_it_answers(
    held: Any, sandbox: Sandbox, as_ben: Caller
) -> None:
    sandbox.pays(intent_of(held), "pm_card_chargeDeclined")
    sandbox.fault("status_before", "/cancel", status=500, times=10)
    assert tell(sandbox.events(FAILED)[0]).status_code == 200
    assert intents.lane.wait(20)
    booking = only_booking()
    assert (booking.status, booking.payment.status) == ("pending", "voiding")
    assert code(as_ben.book(booking.session)) == "session_full"


def test_an_intent_canceled_at_stripe_frees_the_seat_once(held: Any, sandbox: Sandbox) -> None:
    sandbox.cancel(intent_of(held))
    for _ in range(3):
        tell(event_of(sandbox, CANCELED))
    booking = only_booking()
    assert (booking.status, booking.ended_reason, booking.payment.status) == ("freed", "payment_canceled", "void")
    assert (booking.session.seats_taken, BookingTransition.objects.count()) == (0, 2)


def test_processing_keeps_the_hold_until_the_bank_has_answered(held: Any, sandbox: Sandbox) -> None:
    sandbox.pays(intent_of(held), "pm_sandbox_processing")
    tell(sandbox.events(PROCESSING)[0])
    assert (only_booking().status, only_booking().payment.status) == ("pending", "processing")
    sandbox.control("POST", f"payment_intents/{intent_of(held)}/settle", ok=True)
    tell(sandbox.events(SUCCEEDED)[0])
    assert only_booking().status == "paid"


@pytest.mark.parametrize(
    "order",
    list(itertools.permutations([SUCCEEDED, FAILED, PROCESSING])),
    ids=lambda o: "-".join(name.split(".")[1] for name in o),
)
def test_once_the_money_is_there_every_order_of_events_ends_paid(held: Any, sandbox: Sandbox, order: Any) -> None:
    sandbox.pays(intent_of(held), "pm_card_chargeDeclined")
    sandbox.pays(intent_of(held))
    for type_ in (*order, *order):
        assert tell(event_of(sandbox, type_)).status_code == 200
        assert intents.lane.wait(20)
    booking = only_booking()
    assert (booking.status, booking.payment.status) == ("paid", "paid")
    assert (Message.objects.count(), Refund.objects.count()) == (1, 0)
    assert seats_match()


@pytest.mark.parametrize(
    "order",
    list(itertools.permutations([CANCELED, FAILED, PROCESSING])),
    ids=lambda o: "-".join(name.split(".")[1] for name in o),
)
def test_once_the_intent_is_canceled_every_order_of_events_ends_freed(held: Any, sandbox: Sandbox, order: Any) -> None:
    sandbox.cancel(intent_of(held))
    for type_ in (*order, *order):
        assert tell(event_of(sandbox, type_)).status_code == 200
        assert intents.lane.wait(20)
    booking = only_booking()
    assert (booking.status, booking.payment.status, booking.session.seats_taken) == ("freed", "void", 0)
    assert Refund.objects.count() == 0


def freed(as_ana: Caller, held: Any) -> Booking:
    reference = held.json()["reference"]
    assert as_ana.post(f"/api/booking/bookings/{reference}/cancel/").status_code == 200
    return Booking.objects.select_related("session").get(reference=reference)


def test_a_success_after_the_seat_was_freed_seats_the_member_again(held: Any, sandbox: Sandbox, as_ana: Caller) -> None:
    booking = freed(as_ana, held)
    for _ in range(3):
        tell(event_of(sandbox, SUCCEEDED))
    booking.refresh_from_db()
    assert (booking.status, booking.ended_reason, booking.session.seats_taken) == ("paid", "", 1)
    assert as_ana.history(booking.reference)[-1] == ("freed", "paid", "late_payment")
    assert Refund.objects.count() == 0
    assert Message.objects.filter(kind="booking_paid").count() == 1


@pytest.mark.parametrize("why", ["full", "booked_again", "started", "cancelled", "policy"])
def test_a_late_success_that_cannot_be_seated_is_owed_back_once(
    held: Any, sandbox: Sandbox, as_ana: Caller, as_ben: Caller, ana: Member, ben: Member, settings: Any, why: str
) -> None:
    booking = freed(as_ana, held)
    rows = ClassSession.objects.filter(pk=booking.session_id)
    if why == "full":
        give_credits(ben, 1)
        assert as_ben.book(booking.session).status_code == 201
    elif why == "booked_again":
        rows.update(capacity=2)
        give_credits(ana, 1)
        assert as_ana.book(booking.session).status_code == 201
    elif why == "started":
        rows.update(starts_at=timezone.now() - timedelta(minutes=1))
    elif why == "cancelled":
        rows.update(status=ClassSession.Status.CANCELLED)
    else:
        settings.LATE_PAYMENT_POLICY = "refund"
    for _ in range(3):
        assert tell(event_of(sandbox, SUCCEEDED)).status_code == 200
    booking.refresh_from_db()
    assert booking.status == "freed"
    refund = Refund.objects.get()
    assert (refund.amount, refund.currency, refund.status, refund.reason) == (1500, "gbp", "due", "late_payment")
    assert Payment.objects.get(pk=booking.payment_id).status == "paid"
    assert seats_match()


def test_a_success_for_a_hold_of_a_session_that_has_begun_is_owed_back(held: Any, sandbox: Sandbox) -> None:
    ClassSession.objects.update(starts_at=timezone.now() - timedelta(minutes=5))
    tell(event_of(sandbox, SUCCEEDED))
    assert (only_booking().status, only_booking().session.seats_taken) == ("freed", 0)
    assert Refund.objects.get().amount == 1500


def test_money_that_came_before_the_start_counts_although_the_news_is_late(held: Any, sandbox: Sandbox) -> None:
    event = event_of(sandbox, SUCCEEDED)
    event["created"] = int((timezone.now() - timedelta(minutes=10)).timestamp())
    ClassSession.objects.update(starts_at=timezone.now() - timedelta(minutes=5))
    tell(event)
    assert only_booking().status == "paid"


MISMATCHES = {
    "less": {"amount_received": 1499},
    "more": {"amount_received": 150000},
    "text": {"amount_received": "1500"},
    "huge": {"amount_received": 10**30},
    "currency": {"currency": "usd"},
    "mode": {"livemode": True},
    "no metadata": {"metadata": {}},
    "no metadata at all": {"metadata": None},
    "other payment": {"metadata": {"payment": "7b5d8a3e-0000-4000-8000-000000000000"}},
}


@pytest.mark.parametrize("change", MISMATCHES.values(), ids=MISMATCHES.keys())
def test_a_success_that_does_not_add_up_goes_to_review_and_is_never_paid(
    held: Any, sandbox: Sandbox, change: Any
) -> None:
    assert tell(event_of(sandbox, SUCCEEDED, **change)).status_code == 200
    booking = only_booking()
    assert (booking.status, booking.payment.status) == ("pending", "review")
    assert booking.payment.review_reason
    tell(event_of(sandbox, SUCCEEDED))
    assert only_booking().status == "paid"
    tell(event_of(sandbox, SUCCEEDED, **change))
    assert only_booking().payment.status == "paid"


@pytest.mark.parametrize("status", ["paid", "cancelled"])
def test_a_payment_that_was_doubted_and_succeeds_again_owes_nothing(
    as_ana: Caller, ana: Member, sandbox: Sandbox, status: str
) -> None:
    """What it paid for stands, or was given back on the terms of its own day: the money is not late."""
    reference = paid_by_card(as_ana, session(starts_at=timezone.now() + timedelta(hours=3)), sandbox)
    if status == "cancelled":
        as_ana.post(f"/api/booking/bookings/{reference}/cancel/")
    Payment.objects.update(status="review", review_reason="by hand")
    [event] = sandbox.events("payment_intent.succeeded")
    assert tell(event | {"id": "evt_again"}).json() == {"received": "applied"}
    assert (as_ana.booking(reference)["status"], Payment.objects.get().status) == (status, "paid")
    assert Refund.objects.count() == 0
    assert seats_match()


def test_another_intent_that_claims_to_be_ours_goes_to_review(held: Any, sandbox: Sandbox) -> None:
    tell(event_of(sandbox, SUCCEEDED, id="pi_forged"))
    assert (only_booking().status, only_booking().payment.status) == ("pending", "review")


def test_an_event_that_beats_the_create_answer_is_found_by_its_metadata(held: Any, sandbox: Sandbox) -> None:
    Payment.objects.update(status=Payment.Status.CREATING, stripe_intent_id=None)
    sandbox.pays(intent_of(held))
    tell(sandbox.events(SUCCEEDED)[0])
    assert (only_booking().status, only_booking().payment.stripe_intent_id) == ("paid", intent_of(held))


def test_strangers_and_unknown_types_are_acknowledged_and_not_stored(held: Any, sandbox: Sandbox) -> None:
    stranger = event_of(sandbox, SUCCEEDED, id="pi_of_another_shop", metadata={})
    thing = event_of(sandbox, "customer.created")
    for event in (stranger, thing, {**thing, "data": None}, {**stranger, "data": {"object": []}}):
        answer = tell(event)
        assert (answer.status_code, answer.json()) == (200, {"received": "ignored"})
    assert StripeEvent.objects.count() == 0
    assert only_booking().status == "pending"


def test_no_event_is_stored_with_its_payload_or_secret(held: Any, sandbox: Sandbox) -> None:
    sandbox.pays(intent_of(held))
    tell(sandbox.events(SUCCEEDED)[0])
    [row] = StripeEvent.objects.values()
    assert "secret" not in str(row)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "garbage",
        "t=1,v1=0",
        "v1=abc",
        "t=x,v1=abc",
        "t=1,v0=abc",
        "é" * 40,
        "t=\xff,v1=\xfe",
        "t=\xb2,v1=abc",
        "," * 5000,
        "t=1," * 2000,
    ],
    ids=[
        "none",
        "empty",
        "garbage",
        "no digest",
        "no time",
        "no number",
        "other scheme",
        "accents",
        "bytes",
        "superscript",
        "commas",
        "many times",
    ],
)
def test_a_forged_header_is_refused_and_stores_nothing(held: Any, sandbox: Sandbox, header: str | None) -> None:
    headers = {} if header is None else {"Stripe-Signature": header}
    body = json.dumps(event_of(sandbox, SUCCEEDED))
    answer = Client(raise_request_exception=False).post(WEBHOOK, body, content_type="application/json", headers=headers)
    assert (answer.status_code, code(answer)) == (400, "invalid")
    assert StripeEvent.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"1",
        b'"x"',
        b"{bad",
        b"NaN",
        b"\xff\xfe",
        b"[" * 50_000,
        b'{"object": "event"}',
        b'{"object": "v2.core.event", "id": "evt_1", "type": "v1.payment_intent.succeeded"}',
        b'{"object": "event", "id": 5, "type": "x"}',
        b'{"object": "event", "id": "' + b"x" * 300 + b'", "type": "x"}',
    ],
    ids=lambda body: repr(body)[:20],
)
def test_a_signed_body_that_is_no_event_is_refused(sandbox: Sandbox, body: bytes) -> None:
    import stripe
    from django.conf import settings as used

    try:
        answer = tell_raw(body)
    except UnicodeDecodeError:
        header = stripe.WebhookSignature.generate_signature_header("x", used.STRIPE_WEBHOOK_SECRETS[0])
        answer = Client(raise_request_exception=False).post(
            WEBHOOK, body, content_type="application/json", headers={"Stripe-Signature": header}
        )
    assert (answer.status_code, code(answer)) == (400, "invalid")


def test_a_flipped_byte_or_another_secret_is_refused(held: Any, sandbox: Sandbox) -> None:
    event = event_of(sandbox, SUCCEEDED)
    assert tell(event, secret="whsec_of_someone_else").status_code == 400
    assert only_booking().status == "pending"


@pytest.mark.parametrize(("minutes", "status"), [(-6, 400), (-4, 200), (4, 200), (6, 400)])
def test_a_signature_counts_for_five_minutes_on_either_side(
    held: Any, sandbox: Sandbox, minutes: int, status: int
) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    assert tell(event_of(sandbox, SUCCEEDED), at=at).status_code == status


def test_while_a_secret_is_rolled_both_count(held: Any, sandbox: Sandbox, settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", "whsec_old"]
    for secret, status in (("whsec_old", 200), ("whsec_new", 200), ("whsec_gone", 400)):
        assert tell(event_of(sandbox, PROCESSING), secret=secret).status_code == status


def test_only_post_is_answered_and_never_with_a_redirect(anyone: Caller, sandbox: Sandbox) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        answer = anyone.send(method, WEBHOOK)
        assert (answer.status_code, code(answer)) == (405, "method_not_allowed")
    assert anyone.post(WEBHOOK.rstrip("/")).status_code == 404


def test_without_a_secret_the_webhook_says_so(anyone: Caller) -> None:
    answer = anyone.post(WEBHOOK)
    assert (answer.status_code, code(answer)) == (503, "payments_not_configured")


def test_an_event_is_applied_whole_or_not_at_all(held: Any, sandbox: Sandbox) -> None:
    """The effect fails (its seat counter is broken): the event is not stored, the answer is 5xx, and later it works."""
    sandbox.cancel(intent_of(held))
    event = sandbox.events(CANCELED)[0]
    ClassSession.objects.update(seats_taken=0)
    assert tell(event).status_code == 500
    assert (StripeEvent.objects.count(), only_booking().status, only_booking().payment.status) == (0, "pending", "open")
    ClassSession.objects.update(seats_taken=1)
    assert tell(event).json() == {"received": "applied"}
    assert only_booking().status == "freed"


def test_the_webhook_answers_before_it_asks_stripe_anything(held: Any, sandbox: Sandbox) -> None:
    """Stripe hangs on the cancel that a decline asks for; the answer does not wait for it."""
    sandbox.pays(intent_of(held), "pm_card_chargeDeclined")
    sandbox.fault("hang_before", "/cancel", seconds=2)
    before = timezone.now()
    assert tell(sandbox.events(FAILED)[0]).status_code == 200
    assert timezone.now() - before < timedelta(seconds=1)
    assert intents.lane.wait(20)
    assert only_booking().status == "freed"


def test_an_expired_hold_still_becomes_paid_when_the_money_came_first(held: Any, sandbox: Sandbox) -> None:
    age(held.json()["reference"], 40)
    sandbox.pays(intent_of(held))
    tell(sandbox.events(SUCCEEDED)[0])
    assert only_booking().status == "paid"


def test_an_intent_canceled_with_another_amount_frees_the_seat_all_the_same(held: Any, sandbox: Sandbox) -> None:
    sandbox.cancel(intent_of(held))
    tell(event_of(sandbox, CANCELED, amount=1400))
    assert (only_booking().status, only_booking().payment.status, only_booking().session.seats_taken) == (
        "freed",
        "void",
        0,
    )


def test_a_second_intent_that_pays_the_same_booking_is_not_lost_sight_of(held: Any, sandbox: Sandbox) -> None:
    tell(event_of(sandbox, SUCCEEDED))
    tell(event_of(sandbox, SUCCEEDED, id="pi_second"))
    payment = only_booking().payment
    assert (payment.status, payment.review_reason) == ("paid", "paid again by pi_second")
    assert payment.stripe_intent_id == intent_of(held)


@pytest.mark.parametrize("text", ["\x00", "\ud800"], ids=["NUL", "surrogate"])
@pytest.mark.parametrize("where", ["id", "api_version", "intent"])
def test_a_signed_event_with_text_no_database_takes_is_refused(
    held: Any, sandbox: Sandbox, where: str, text: str
) -> None:
    event = event_of(sandbox, SUCCEEDED)
    if where == "intent":
        event["data"]["object"]["id"] += text
    else:
        event[where] += text
    answer = tell(event)
    assert (answer.status_code, code(answer)) == (400, "invalid")
    assert only_booking().status == "pending"
