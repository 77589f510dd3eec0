"""Every status and code of the contract's table for `book/`."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from booking.models import Booking, BookingTransition, ClassSession
from members.models import Member
from payments.models import CreditEntry, CreditLot, Payment
from tests.cast import Caller, Sandbox, age, code, give_credits, intent_of, seats_match, session, tell


def nothing_is_held() -> bool:
    return not Booking.objects.exists() and not Payment.objects.exists() and seats_match()


def test_a_booking_with_credits_is_paid_at_once(as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 2)
    answer = as_ana.book(session())
    assert answer.status_code == 201
    body = answer.json()
    assert (body["status"], body["paid_with"], body["credits_spent"], body["amount"]) == ("paid", "credits", 1, 0)
    assert "stripe_client_secret" not in body
    assert as_ana.history(body["reference"]) == [(None, "paid", "credits")]
    assert as_ana.get("/api/payments/credits/").json()["balance"] == 1
    assert seats_match()


def test_a_booking_by_card_holds_the_seat_and_returns_the_secret(as_ana: Caller, sandbox: Sandbox) -> None:
    one = session(capacity=1)
    answer = as_ana.book(one)
    body = answer.json()
    assert answer.status_code == 201
    assert (body["status"], body["paid_with"], body["amount"], body["currency"]) == ("pending", None, 1500, "gbp")
    assert body["stripe_publishable_key"].startswith("pk_test_")
    assert answer["Cache-Control"] == "no-store"
    held = timezone.datetime.fromisoformat(body["expires_at"]) - timezone.datetime.fromisoformat(body["created_at"])
    assert held == timedelta(minutes=30)
    one.refresh_from_db()
    assert one.seats_taken == 1
    [intent] = sandbox.intents()
    assert (intent["amount"], intent["currency"], intent["status"]) == (1500, "gbp", "requires_payment_method")
    assert intent["metadata"]["booking"] == body["reference"]
    assert intent["client_secret"] == body["stripe_client_secret"]


def test_the_secret_is_in_no_other_answer_and_in_no_row(as_ana: Caller, sandbox: Sandbox) -> None:
    secret = as_ana.book(session()).json()["stripe_client_secret"]
    reference = Booking.objects.get().reference
    for path in ("", f"{reference}/", f"{reference}/history/"):
        assert secret not in as_ana.get(f"/api/booking/bookings/{path}").content.decode()
    for row in Payment.objects.values():
        assert secret not in str(row)


def test_a_free_session_is_paid_without_stripe_or_credits(as_ana: Caller, ana: Member, sandbox: Sandbox) -> None:
    give_credits(ana, 1)
    body = as_ana.book(session(amount=0), "card").json()
    assert (body["status"], body["paid_with"], body["credits_spent"]) == ("paid", "free", 0)
    assert sandbox.intents() == []


def test_the_last_seat_on_hold_is_nobody_elses(as_ana: Caller, as_ben: Caller, sandbox: Sandbox) -> None:
    one = session(capacity=1)
    as_ana.book(one)
    answer = as_ben.book(one)
    assert (answer.status_code, code(answer)) == (409, "session_full")


def test_asking_again_returns_the_same_hold_with_the_same_secret(as_ana: Caller, sandbox: Sandbox) -> None:
    one = session()
    first, again = as_ana.book(one), as_ana.book(one)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert len(sandbox.intents()) == 1


def test_asking_again_after_paying_returns_the_paid_booking_without_a_secret(as_ana: Caller, sandbox: Sandbox) -> None:
    one = session()
    first = as_ana.book(one)
    sandbox.pays(intent_of(first))
    again = as_ana.book(one)
    assert (again.status_code, again.json()["status"]) == (200, "paid")
    assert "stripe_client_secret" not in again.json()


def test_asking_again_while_the_bank_is_at_work_returns_no_secret(as_ana: Caller, sandbox: Sandbox) -> None:
    one = session()
    first = as_ana.book(one)
    sandbox.pays(intent_of(first), "pm_sandbox_processing")
    again = as_ana.book(one)
    assert (again.status_code, again.json()["status"]) == (200, "pending")
    assert "stripe_client_secret" not in again.json()


@pytest.mark.parametrize("how", ["canceled", "declined", "run_out"])
def test_a_hold_that_is_over_makes_room_for_a_new_booking(as_ana: Caller, sandbox: Sandbox, how: str) -> None:
    one = session(capacity=1)
    first = as_ana.book(one)
    if how == "canceled":
        sandbox.cancel(intent_of(first))
    elif how == "declined":
        sandbox.pays(intent_of(first), "pm_card_chargeDeclined")
    else:
        age(first.json()["reference"], 31)
    again = as_ana.book(one)
    assert again.status_code == 201
    assert again.json()["reference"] != first.json()["reference"]
    assert sandbox.intent(intent_of(first))["status"] == "canceled"
    reason = {"canceled": "payment_canceled", "declined": "payment_failed", "run_out": "expired"}[how]
    assert as_ana.booking(first.json()["reference"])["ended_reason"] == reason
    assert seats_match()


def test_a_repeated_key_returns_its_booking_as_it_stands_now(as_ana: Caller, ana: Member, sandbox: Sandbox) -> None:
    one = session()
    first = as_ana.book(one, key="k1")
    as_ana.post(f"/api/booking/bookings/{first.json()['reference']}/cancel/")
    again = as_ana.book(one, key="k1")
    assert (again.status_code, again.json()["status"]) == (200, "freed")
    assert again.json()["reference"] == first.json()["reference"]
    give_credits(ana, 1)
    assert as_ana.book(one, key="k2").status_code == 201
    assert as_ana.book(one, key="k2").status_code == 200


def test_a_key_reused_for_something_else_is_refused(as_ana: Caller, sandbox: Sandbox) -> None:
    one = session()
    as_ana.book(one, key="k1")
    for answer in (as_ana.book(session(), key="k1"), as_ana.book(one, "card", key="k1")):
        assert (answer.status_code, code(answer)) == (422, "idempotency_key_reused")
    assert Booking.objects.count() == 1


def test_a_key_of_another_member_is_independent(as_ana: Caller, as_ben: Caller, sandbox: Sandbox) -> None:
    one = session()
    first, second = as_ana.book(one, key="same"), as_ben.book(one, key="same")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["reference"] != second.json()["reference"]


@pytest.mark.parametrize("key", ["", "x" * 256, "x" * 5000, "é", "tab\there"], ids=["empty", "256", "5000", "é", "tab"])
def test_a_malformed_key_is_refused(as_ana: Caller, key: str) -> None:
    answer = as_ana.book(session(), key=key)
    assert (answer.status_code, code(answer)) == (400, "invalid")
    assert nothing_is_held()


def test_a_key_of_255_characters_is_accepted(as_ana: Caller) -> None:
    assert as_ana.book(session(amount=0), key="k" * 255).status_code == 201


BODIES: list[Any] = [
    "{bad",
    "[1]",
    "null",
    '"card"',
    "\xff",
    '{"pay_with": NaN}',
    '{"pay_with": "gold"}',
    '{"pay_with": null}',
    '{"pay_with": ["card"]}',
    '{"pay_with": {"a": 1}}',
    '{"pay_with": "card\\u0000"}',
    '{"pay_with": "\\ud800"}',
    '{"pay_with": 1e309}',
    "[" * 100_000,
]


@pytest.mark.parametrize("body", BODIES, ids=[repr(body)[:24] for body in BODIES])
def test_a_malformed_body_is_refused(as_ana: Caller, body: str) -> None:
    answer = as_ana.post(f"/api/booking/sessions/{session().pk}/book/", body.encode("latin-1"))
    assert (answer.status_code, code(answer)) == (400, "invalid")
    assert nothing_is_held()


def test_a_huge_body_is_refused(as_ana: Caller) -> None:
    answer = as_ana.post(f"/api/booking/sessions/{session().pk}/book/", b" " * 2_000_000)
    assert (answer.status_code, code(answer)) == (413, "body_too_large")


def test_unknown_and_protected_fields_are_ignored(as_ana: Caller, sandbox: Sandbox) -> None:
    path = f"/api/booking/sessions/{session().pk}/book/"
    body = as_ana.post(path, {"amount": 1, "status": "paid", "member": 99, "credits_spent": -5, "who": "me"}).json()
    assert (body["amount"], body["status"], body["credits_spent"]) == (1500, "pending", 0)


def test_nobody_books_without_signing_in(anyone: Caller) -> None:
    answer = anyone.book(session())
    assert (answer.status_code, code(answer)) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"]


@pytest.mark.parametrize("number", ["999", "0", "9" * 30])
def test_a_session_that_is_not_there_is_not_found(as_ana: Caller, number: str) -> None:
    answer = as_ana.post(f"/api/booking/sessions/{number}/book/")
    assert (answer.status_code, code(answer)) == (404, "not_found")


def test_a_paid_booking_is_not_booked_twice(as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 2)
    one = session(capacity=1)
    as_ana.book(one)
    answer = as_ana.book(one)
    assert (answer.status_code, code(answer)) == (409, "already_booked")


@pytest.mark.parametrize("why", ["started", "cancelled"])
def test_a_closed_session_takes_no_booking(as_ana: Caller, ana: Member, why: str) -> None:
    give_credits(ana, 1)
    started = {"starts_at": timezone.now() - timedelta(seconds=1)}
    one = session(**(started if why == "started" else {"status": ClassSession.Status.CANCELLED}))
    answer = as_ana.book(one)
    assert (answer.status_code, code(answer)) == (409, "session_closed")
    assert nothing_is_held()


def test_too_few_credits_are_refused_or_left_alone(as_ana: Caller, ana: Member, sandbox: Sandbox) -> None:
    give_credits(ana, 1)
    dear = session(credits_required=2)
    answer = as_ana.book(dear, "credits")
    assert (answer.status_code, code(answer)) == (409, "insufficient_credits")
    assert as_ana.book(dear).json()["status"] == "pending"
    assert as_ana.get("/api/payments/credits/").json()["balance"] == 1


def test_credits_cannot_pay_for_a_session_that_takes_none(as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    answer = as_ana.book(session(credits_required=0), "credits")
    assert (answer.status_code, code(answer)) == (409, "insufficient_credits")


def test_card_means_card_although_there_are_credits(as_ana: Caller, ana: Member, sandbox: Sandbox) -> None:
    give_credits(ana, 5)
    assert as_ana.book(session(), "card").json()["status"] == "pending"
    assert CreditLot.objects.get().remaining == 5


def test_a_member_holds_only_so_many_unpaid_seats(as_ana: Caller, ana: Member, sandbox: Sandbox) -> None:
    for _ in range(3):
        assert as_ana.book(session()).status_code == 201
    answer = as_ana.book(session())
    assert (answer.status_code, code(answer)) == (409, "too_many_holds")
    give_credits(ana, 1)
    assert as_ana.book(session()).status_code == 201
    assert seats_match()


def test_without_stripe_keys_nothing_is_held_and_credits_still_work(as_ana: Caller, ana: Member) -> None:
    answer = as_ana.book(session())
    assert (answer.status_code, code(answer)) == (503, "payments_not_configured")
    assert nothing_is_held()
    give_credits(ana, 1)
    assert as_ana.book(session()).status_code == 201


def test_the_hold_never_outlives_the_start(as_ana: Caller, sandbox: Sandbox) -> None:
    one = session(starts_at=timezone.now() + timedelta(minutes=10))
    body = as_ana.book(one).json()
    assert body["expires_at"] == one.starts_at.isoformat().replace("+00:00", "Z")


def test_booking_is_rate_limited_with_a_hint(as_ana: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from rest_framework.throttling import ScopedRateThrottle

    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"book": "2/min", "sync": "2/min"})
    one = session(amount=0)
    for expected in (201, 409, 429):
        answer = as_ana.book(one)
        assert answer.status_code == expected
    assert code(answer) == "throttled"
    assert int(answer["Retry-After"]) > 0


def test_a_booking_costs_few_statements(
    as_ana: Caller, ana: Member, sandbox: Sandbox, django_assert_max_num_queries: Any
) -> None:
    give_credits(ana, 1)
    one, two = session(), session()
    with django_assert_max_num_queries(14):
        assert as_ana.book(one, key="a").json()["paid_with"] == "credits"
    with django_assert_max_num_queries(18):
        assert as_ana.book(two, key="b").json()["status"] == "pending"


def test_every_booking_keeps_its_books(as_ana: Caller, ana: Member, sandbox: Sandbox) -> None:
    give_credits(ana, 1)
    as_ana.book(session())
    tell_all(sandbox, as_ana.book(session()))
    assert CreditEntry.objects.filter(spend__isnull=False).count() == 1
    assert sum(CreditEntry.objects.values_list("credits", flat=True)) == CreditLot.objects.get().remaining
    assert BookingTransition.objects.count() == 3


def tell_all(sandbox: Sandbox, answer: Any) -> None:
    sandbox.pays(intent_of(answer))
    assert tell(sandbox.events("payment_intent.succeeded")[0]).status_code == 200
