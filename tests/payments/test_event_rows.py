"""What is written and said of an event: where it was applied, and where it was not."""

from typing import Any

import pytest

from booking.models import Booking
from payments.models import Payment, Refund, StripeEvent, UnmatchedMoney
from payments.stripe_client import API_VERSION
from tests.cast import Caller, Sandbox, intent_of, session, tell

SUCCEEDED, FAILED = "payment_intent.succeeded", "payment_intent.payment_failed"
NOT_HERE = {"payment": "7b5d8a3e-0000-4000-8000-000000000000"}


@pytest.fixture
def success(as_ana: Caller, sandbox: Sandbox) -> Any:
    """The event of Ana's paid booking; not told yet."""
    sandbox.pays(intent_of(as_ana.book(session())))
    return sandbox.events(SUCCEEDED)[0]


def of(event: Any, **changes: Any) -> Any:
    return {**event, "data": {"object": {**event["data"]["object"], **changes}}}


def test_an_event_of_another_version_is_applied_and_said_in_the_log(success: Any, caplog: Any) -> None:
    event = success | {"api_version": "2020-08-27"}
    assert tell(event).json() == {"received": "applied"}
    line = f"The event {event['id']} speaks 2020-08-27, this program {API_VERSION}"
    assert line in caplog.messages
    assert StripeEvent.objects.get().api_version == "2020-08-27"


def test_an_event_of_our_version_is_no_news_for_the_log(success: Any, caplog: Any) -> None:
    assert success["api_version"] == API_VERSION
    tell(success)
    assert not [line for line in caplog.messages if "speaks" in line]


def test_an_event_that_is_not_ours_is_said_in_the_log(success: Any, caplog: Any) -> None:
    caplog.set_level("INFO")
    tell(of(success, id="pi_of_another_shop", metadata={}))
    assert f"Ignored the event {SUCCEEDED} {success['id']}: not ours" in caplog.messages


@pytest.mark.parametrize(
    ("type_", "change", "kept"),
    [
        (SUCCEEDED, {}, True),
        (FAILED, {}, False),
        (SUCCEEDED, {"metadata": {}}, False),
        (SUCCEEDED, {"livemode": True}, False),
        (FAILED, {"metadata": {}}, False),
    ],
    ids=["money of ours", "no money", "not ours", "another mode", "neither"],
)
def test_only_money_of_ours_that_belongs_to_nothing_is_kept(
    success: Any, type_: str, change: dict[str, Any], kept: bool
) -> None:
    event = of(success, **{"id": "pi_lost", "metadata": NOT_HERE, **change}) | {"type": type_}
    assert tell(event).json() == {"received": "ignored"}
    assert UnmatchedMoney.objects.count() == kept
    if kept:
        queued = UnmatchedMoney.objects.get()
        assert (queued.amount, queued.currency, queued.payment) == (1500, "gbp", None)
        assert queued.why == "its metadata names a payment that is not here"
    assert StripeEvent.objects.count() == 0


def test_an_intent_without_an_id_is_found_by_its_metadata(success: Any) -> None:
    """And is not taken for a payment whose intent is not known yet."""
    assert tell(of(success, id="")).status_code == 200
    assert StripeEvent.objects.get().payment == Payment.objects.get()
    assert Booking.objects.get().status == "pending"


def test_an_event_whose_object_names_no_payment_is_not_taken_for_one_without_an_intent(success: Any) -> None:
    Payment.objects.update(status="creating", stripe_intent_id=None)
    for metadata in ({}, {"payment": "not a reference"}, {"payment": None}):
        assert tell(of(success, id=None, metadata=metadata)).json() == {"received": "ignored"}
    assert StripeEvent.objects.count() == 0


def test_a_refund_that_names_no_intent_belongs_to_no_payment(success: Any, sandbox: Sandbox) -> None:
    tell(success)
    sandbox.control("POST", f"payment_intents/{Payment.objects.get().stripe_intent_id}/refund", amount=100)
    Payment.objects.update(stripe_intent_id=None)
    event = sandbox.events("refund.created")[0]
    assert tell(of(event, payment_intent=None)).json() == {"received": "ignored"}
    assert Refund.objects.count() == 0


def test_a_refund_told_for_two_payments_is_refused_until_somebody_looks(
    success: Any, as_ana: Caller, sandbox: Sandbox
) -> None:
    """It cannot be: the second is stored nowhere and answered 5xx, so that Stripe keeps telling it."""
    tell(success)
    sandbox.control("POST", f"payment_intents/{Payment.objects.get().stripe_intent_id}/refund", amount=100)
    event = sandbox.events("refund.created")[0]
    tell(event)
    stored = StripeEvent.objects.count()
    other = intent_of(as_ana.book(session()))
    Payment.objects.filter(stripe_intent_id=other).update(amount_received=1500)
    assert tell(of(event, payment_intent=other) | {"id": "evt_other"}).status_code == 500
    assert (Refund.objects.count(), StripeEvent.objects.count()) == (1, stored)


def test_a_name_of_255_characters_is_found_whole(success: Any) -> None:
    long = "pi_" + "x" * 252
    Payment.objects.update(stripe_intent_id=long)
    assert tell(of(success, id=long)).json() == {"received": "applied"}
    assert Payment.objects.get().status == "paid"


def test_a_decline_is_voided_by_its_event_and_for_its_reason(as_ana: Caller, sandbox: Sandbox) -> None:
    from payments import intents

    held = as_ana.book(session())
    sandbox.pays(intent_of(held), "pm_card_chargeDeclined")
    [event] = sandbox.events(FAILED)
    tell(event)
    assert intents.lane.wait(20)
    booking = Booking.objects.get()
    assert (booking.ended_reason, booking.payment.void_reason) == ("payment_failed", "payment_failed")
    assert booking.transitions.last().by == f"stripe:{event['id']}"
    assert booking.ended_at == booking.payment.events.get().received_at


@pytest.mark.parametrize(("site", "kept"), [("another-site", False), (None, True)], ids=["another site", "no site"])
def test_money_of_another_site_of_the_account_is_left_alone(success: Any, site: str | None, kept: bool) -> None:
    metadata = NOT_HERE | ({"site": site} if site else {})
    assert tell(of(success, id="pi_lost", metadata=metadata)).json() == {"received": "ignored"}
    assert UnmatchedMoney.objects.count() == kept
