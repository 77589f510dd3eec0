"""`expire_pending_bookings`: void first, free second."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from booking.models import Booking
from members.models import Member
from notifications.models import Message
from payments.models import Payment
from tests.cast import Caller, Sandbox, age, give_credits, intent_of, seats_match, session


def expire(*args: str) -> tuple[int, str]:
    """The command's exit status and its one line."""
    out = StringIO()
    try:
        call_command("expire_pending_bookings", *args, stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


def hold(caller: Caller, minutes_ago: int = 0, **fields: Any) -> str:
    reference = caller.book(session(**fields)).json()["reference"]
    age(reference, minutes_ago)
    return str(reference)


def status(reference: str) -> tuple[str, str]:
    booking = Booking.objects.get(reference=reference)
    return booking.status, booking.ended_reason


def test_a_stale_hold_is_voided_and_freed_and_the_member_told(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = hold(as_ana, 31)
    code, line = expire()
    assert code == 0
    assert "1 stale, 1 freed" in line
    assert len(line.splitlines()) == 1
    assert status(reference) == ("freed", "expired")
    assert [intent["status"] for intent in sandbox.intents()] == ["canceled"]
    assert sandbox.intents()[0]["cancellation_reason"] == "abandoned"
    assert Message.objects.get().kind == "hold_expired"
    assert as_ana.history(reference)[-1] == ("pending", "freed", "expired")
    assert seats_match()
    assert "0 stale" in expire()[1]


def test_a_fresh_hold_stays(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = hold(as_ana, 29)
    assert "0 stale" in expire()[1]
    assert status(reference) == ("pending", "")


def test_a_hold_of_who_was_deactivated_stands_until_it_runs_out(as_ana: Caller, ana: Member, sandbox: Sandbox) -> None:
    reference = hold(as_ana, 29)
    Member.objects.filter(pk=ana.pk).update(is_active=False)
    assert "0 stale" in expire()[1]
    age(reference, 2)
    assert "1 stale, 1 freed" in expire()[1]


def test_minutes_count_from_the_making_of_the_hold(as_ana: Caller, sandbox: Sandbox, settings: Any) -> None:
    settings.BOOKING_HOLD_MINUTES = 60
    young, old = hold(as_ana, 29), hold(as_ana, 31)
    assert "0 stale" in expire()[1]
    assert "1 freed" in expire("--minutes", "30")[1]
    assert (status(young)[0], status(old)[0]) == ("pending", "freed")


def test_a_hold_that_was_paid_without_our_hearing_of_it_becomes_paid(as_ana: Caller, sandbox: Sandbox) -> None:
    held = as_ana.book(session())
    sandbox.pays(intent_of(held))
    age(held.json()["reference"], 31)
    assert expire() == (
        0,
        "expire_pending_bookings: 1 stale, 0 freed, 1 paid after all, 0 still processing, 0 unfinished\n",
    )
    assert status(held.json()["reference"])[0] == "paid"


def test_a_payment_the_bank_works_on_keeps_its_hold(as_ana: Caller, sandbox: Sandbox) -> None:
    held = as_ana.book(session())
    sandbox.pays(intent_of(held), "pm_sandbox_processing")
    age(held.json()["reference"], 31)
    assert "1 still processing" in expire()[1]
    assert (status(held.json()["reference"])[0], Payment.objects.get().status) == ("pending", "processing")
    sandbox.control("POST", f"payment_intents/{intent_of(held)}/settle", ok=False)
    assert "1 freed" in expire()[1]


def test_while_stripe_is_down_the_seat_is_kept_and_the_next_run_ends_it(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = hold(as_ana, 31)
    sandbox.fault("status_before", "/cancel$", status=500, times=2)
    code, line = expire()
    assert (code, "1 unfinished" in line) == (1, True)
    assert status(reference)[0] == "pending"
    assert expire()[0] == 0
    assert status(reference) == ("freed", "expired")
    assert seats_match()


def test_one_poisoned_row_does_not_stop_the_rest(as_ana: Caller, sandbox: Sandbox, caplog: Any) -> None:
    first, poisoned, last = (hold(as_ana, 31) for _ in range(3))
    Booking.objects.get(reference=poisoned).session.bookings.model.objects.filter(reference=poisoned).update(
        session=session()  # its session has no seat to give back
    )
    code, line = expire()
    assert (code, "2 freed" in line, "1 unfinished" in line) == (1, True, True)
    assert [status(one)[0] for one in (first, poisoned, last)] == ["freed", "pending", "freed"]


def test_an_intent_unknown_to_stripe_keeps_its_hold_and_says_so(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = hold(as_ana, 31)
    Payment.objects.update(stripe_intent_id="pi_of_another_account")
    assert expire()[0] == 1
    assert status(reference)[0] == "pending"


def test_a_hold_whose_create_answer_never_came_is_found_and_voided(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = hold(as_ana, 31)
    Payment.objects.update(status=Payment.Status.CREATING, stripe_intent_id=None)
    assert expire()[0] == 0
    assert status(reference)[0] == "freed"
    assert [intent["status"] for intent in sandbox.intents()] == ["canceled"]


def test_after_a_day_the_lost_intent_is_found_in_the_list(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = hold(as_ana, 31)
    day = Payment.objects.get().created_at - timedelta(hours=25)
    Payment.objects.update(status=Payment.Status.CREATING, stripe_intent_id=None, created_at=day)
    assert expire()[0] == 0
    assert status(reference)[0] == "freed"
    assert [intent["status"] for intent in sandbox.intents()] == ["canceled"]
    assert sandbox.creates() == 1


def test_a_void_that_was_begun_is_finished_whatever_the_expiry(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = hold(as_ana)
    Payment.objects.update(status=Payment.Status.VOIDING, void_reason="payment_failed")
    assert "1 freed" in expire()[1]
    assert status(reference) == ("freed", "payment_failed")


def test_money_in_review_is_left_to_staff(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = hold(as_ana, 31)
    Payment.objects.update(status=Payment.Status.REVIEW, amount_received=700)
    assert expire()[0] == 1
    assert status(reference)[0] == "pending"


def test_a_paid_booking_is_never_stale(as_ana: Caller, ana: Member, sandbox: Sandbox) -> None:
    give_credits(ana, 1)
    reference = hold(as_ana, 0)
    Booking.objects.filter(reference=reference).update(created_at="2020-01-01T00:00Z")
    assert "0 stale" in expire("--minutes", "1")[1]


def test_a_dry_run_changes_nothing_and_calls_nobody(as_ana: Caller, sandbox: Sandbox, settings: Any) -> None:
    reference = hold(as_ana, 31)
    settings.STRIPE_API_BASE = "http://127.0.0.1:1"
    assert expire("--dry-run") == (0, "expire_pending_bookings: 1 stale (dry run, nothing changed)\n")
    assert status(reference)[0] == "pending"


def test_the_limit_bounds_a_run(as_ana: Caller, sandbox: Sandbox) -> None:
    for _ in range(3):
        hold(as_ana, 31)
    assert "2 freed" in expire("--limit", "2")[1]
    assert "1 freed" in expire()[1]


@pytest.mark.parametrize("value", ["0", "-5", "1000000000", "9" * 40, "ten", "1.5", "", "٣"])
def test_absurd_minutes_are_wrong_usage_and_free_nothing(as_ana: Caller, sandbox: Sandbox, value: str) -> None:
    reference = hold(as_ana, 31)
    with pytest.raises(CommandError, match="whole number"):
        call_command("expire_pending_bookings", f"--minutes={value}")
    assert status(reference)[0] == "pending"


def test_another_run_at_work_on_a_hold_is_left_to_it(as_ana: Caller, sandbox: Sandbox) -> None:
    from django.utils import timezone

    hold(as_ana, 31)
    payment = Payment.objects.get()
    assert payment.claim_void(timezone.now())
    assert "0 freed" in expire()[1]
    payment.release_void()
    assert "1 freed" in expire()[1]


def test_a_run_does_not_wait_for_a_silent_stripe_hold_by_hold(as_ana: Caller, sandbox: Sandbox, settings: Any) -> None:
    settings.MAX_HOLDS_PER_MEMBER = 10
    for _ in range(7):
        hold(as_ana, 31)
    sandbox.fault("status_before", "/cancel$", status=500, times=100)
    code, line = expire("--workers", "1")
    assert (code, "7 unfinished" in line) == (1, True)
    journal = sandbox.control("GET", "requests")["requests"]
    assert sum(row["path"].endswith("/cancel") for row in journal) == 10  # five holds, each asked and retried once
    sandbox.clear_faults()
    assert "7 freed" in expire()[1]


def test_while_stripe_keeps_one_hold_waiting_the_others_end(as_ana: Caller, sandbox: Sandbox) -> None:
    if connection.vendor == "postgresql":
        pytest.skip("those that end together are told together: test_express_expiry has the same of them")
    slow, *others = (hold(as_ana, minutes) for minutes in (33, 32, 31))
    intent = Booking.objects.get(reference=slow).payment.stripe_intent_id
    sandbox.fault("hang_before", f"/{intent}/cancel$", seconds=1)
    ended = expire("-v", "2")[1].splitlines()[:3]
    assert ended[-1] == f"{slow} freed"
    assert sorted(ended[:2]) == sorted(f"{other} freed" for other in others)
    for minutes in (33, 32, 31):
        hold(as_ana, minutes)
    slow = Booking.objects.filter(status="pending").earliest("id")
    sandbox.fault("hang_before", f"/{slow.payment.stripe_intent_id}/cancel$", seconds=1)
    assert expire("-v", "2", "--workers", "1")[1].startswith(f"{slow.reference} freed")


@pytest.mark.parametrize("workers", ["0", "17", "some"])
def test_a_number_of_workers_that_makes_no_sense_is_refused(workers: str, sandbox: Sandbox) -> None:
    with pytest.raises(CommandError, match="workers"):
        call_command("expire_pending_bookings", f"--workers={workers}")


def test_a_dry_run_tells_which_when_asked(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = hold(as_ana, 31)
    assert expire("--dry-run", "-v", "2")[1].splitlines()[0] == reference
