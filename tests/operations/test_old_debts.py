"""A debt that a backup brings back, although it was paid since: its key at Stripe is forgotten after a day."""

from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone

from payments import refunds
from payments.models import Payment, Refund
from tests.cast import Caller, Sandbox, paid_by_card, session

TWO_DAYS = timedelta(days=2)


def test_a_refund_that_was_given_after_the_backup_is_found_and_not_given_again(
    as_ana: Caller, sandbox: Sandbox
) -> None:
    paid_by_card(as_ana, session(), sandbox)
    refunds.owe(Payment.objects.get(), amount=400, reason="staff", now=timezone.now())
    call_command("submit_refunds", verbosity=0)
    [given] = sandbox.stripe("refunds")["data"]

    then = timezone.now() - TWO_DAYS
    nothing = {"asked_at": None, "claimed_at": None, "ended_at": None, "stripe_refund_id": None}
    Refund.objects.update(status="due", created_at=then, due_at=then, **nothing)
    sandbox.control("POST", "clock", advance=TWO_DAYS.total_seconds())
    call_command("submit_refunds", verbosity=0)
    assert [one["id"] for one in sandbox.stripe("refunds")["data"]] == [given["id"]]
    assert Refund.objects.values_list("status", "stripe_refund_id").get() == ("succeeded", given["id"])
