"""The database is lost and comes back as it was at its last dump; only Stripe knows what happened since."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from booking.models import Booking
from members.models import Member
from notifications.models import Message
from payments import credits
from payments.models import CreditPack, Payment, Refund, UnmatchedMoney
from tests.cast import Caller, Sandbox, give_credits, seats_match, session
from tests.operations import backups
from tests.operations.studio import Open

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="a studio in production is on PostgreSQL")


def test_after_a_restore_the_commands_bring_the_money_back_into_agreement(
    opened: Any, sandbox: Sandbox, ana: Member, ben: Member, tmp_path: Path
) -> None:
    as_ana, as_ben = Caller(ana), Caller(ben)
    yoga, climb, swim, spin = (session(title=title).pk for title in ("Yoga", "Climb", "Swim", "Spin"))
    pack = CreditPack.objects.create(name="Five", credits=5, amount=5000, currency="gbp", valid_days=90)
    for member in (ana, ben):
        give_credits(member, 5)
    studio: Open = opened()

    # What the dump knows.
    kept = studio.books(as_ben, yoga, "credits")["reference"]
    given_back = studio.books(as_ana, yoga, "credits")["reference"]
    paid, refunded = studio.books(as_ana, climb, "card"), studio.books(as_ben, climb, "card")
    for held in (paid, refunded):
        studio.pays(held)
    studio.hears()
    paid_later, given_up = studio.books(as_ana, swim, "card"), studio.books(as_ben, swim, "card")["reference"]
    studio.server.wait_until_calm()
    since = timezone.now() - timedelta(hours=1)
    backups.dump(tmp_path / "dump")

    # What it does not know: paid, given up, refunded, booked with credits and by card, a pack, a hold.
    studio.pays(paid_later)
    for caller, reference in ((as_ben, given_up), (as_ben, refunded["reference"]), (as_ana, given_back)):
        assert studio.cancels(caller, reference)["status"] in ("freed", "cancelled")
    lost_credits = studio.books(as_ben, spin, "credits")
    lost = [studio.books(as_ana, spin, "card"), studio.asks(as_ben, f"/api/payments/packs/{pack.pk}/buy/")]
    for held in lost:
        studio.pays(held)
    studio.waits(lambda: len(sandbox.every("refunds")) == 1)
    studio.hears()
    lost_hold = studio.books(as_ben, swim, "card")
    assert Booking.objects.filter(reference=lost_credits["reference"], status="paid").exists()
    assert (credits.balance(ana, at=timezone.now()), credits.balance(ben, at=timezone.now())) == (5, 8)
    studio.server.wait_until_calm()
    studio.close()

    with backups.restored(tmp_path / "dump"):
        studio = opened()
        asked = ("reconcile_payments", "--since", since.isoformat(), "--patience", "0")
        status, said = studio.fares(*asked)
        assert (status, "6 findings" in said) == (1, True), said
        assert "6 repaired, 0 left" in studio.runs(*asked, "--fix")
        for command in ("expire_pending_bookings", "submit_refunds", "deliver_messages", "check_integrity"):
            studio.runs(command)
        assert "0 findings" in studio.runs(*asked)
        assert seats_match()

        # Money and holds are as Stripe has them.
        assert _statuses() == {
            kept: "paid",
            paid["reference"]: "paid",
            paid_later["reference"]: "paid",
            given_up: "freed",
            # Returned, but nobody here knows that it was cancelled: staff do it again.
            refunded["reference"]: "paid",
            # Nobody at all knows of this one.
            given_back: "paid",
        }
        [again] = Refund.objects.all()
        assert (again.status, again.amount, again.reason) == ("succeeded", 1500, "dashboard")
        assert sandbox.intent(_intent(lost_hold))["status"] == "canceled"
        queue = UnmatchedMoney.objects.filter(resolved_at=None)
        assert set(queue.values_list("stripe_id", "amount")) == {(_intent(lost[0]), 1500), (_intent(lost[1]), 5000)}
        assert _kept_at_stripe(sandbox) == _kept_here()

        # What Stripe never knew is gone: a booking with credits, which are there again; a cancellation with credits.
        assert not Booking.objects.filter(reference=lost_credits["reference"]).exists()
        assert (credits.balance(ana, at=timezone.now()), credits.balance(ben, at=timezone.now())) == (4, 4)

        # Staff cancel again what was returned: nothing is returned twice.
        assert studio.cancels(as_ben, refunded["reference"])["status"] == "cancelled"
        studio.runs("submit_refunds")
        assert len(sandbox.every("refunds")) == 1
        # Staff return at Stripe what stands in the queue.
        for held in lost:
            sandbox.control("POST", f"payment_intents/{_intent(held)}/refund")
        assert "0 findings" in studio.runs(*asked, "--fix")
        studio.runs("check_integrity")
        assert not Message.objects.filter(status="failed").exists()
        studio.server.wait_until_calm()
        studio.close()


def _intent(held: Any) -> str:
    return str(held["stripe_client_secret"].split("_secret_")[0])


def _statuses() -> dict[str, str]:
    return dict(Booking.objects.values_list("reference", "status"))


def _kept_at_stripe(sandbox: Sandbox) -> Counter[str]:
    """By intent, what was received and not returned."""
    received = Counter({one["id"]: one["amount_received"] for one in sandbox.intents()})
    received.subtract({one["payment_intent"]: one["amount"] for one in sandbox.every("refunds")})
    return +received


def _kept_here() -> Counter[str]:
    """The same, of what pays for something here, or stands in the queue of staff."""
    held = Counter({row.stripe_intent_id: row.amount_received for row in Payment.objects.filter(status="paid")})
    held.subtract({row.payment.stripe_intent_id: row.amount for row in Refund.objects.select_related("payment")})
    queued = UnmatchedMoney.objects.filter(resolved_at=None)
    return +held + Counter({money.stripe_id: money.amount for money in queued})
