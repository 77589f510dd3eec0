"""Money on its way back, by the intent that was paid."""

from typing import Any

import pytest

from tests.behaviour.api import Api, unique
from tests.behaviour.rules import rule

CREATE = "api/refunds/create"
REFUNDS = "refunds"


def refund(api: Api, intent: Any, once: str | None = None, **more: Any) -> Any:
    return api.post("refunds", {"payment_intent": intent["id"], **more}, once=once)


@rule(CREATE, "the-whole-by-default")
def test_a_full_refund(api: Api) -> None:
    paid = api.paid()
    made = refund(api, paid, reason="requested_by_customer", metadata={"booking": "7"}).body
    assert (made["status"], made["amount"], made["currency"]) == ("succeeded", 1500, "gbp")
    assert (made["payment_intent"], made["charge"]) == (paid["id"], paid["latest_charge"])
    assert (made["reason"], made["metadata"]) == ("requested_by_customer", {"booking": "7"})
    charge = api.get(f"charges/{paid['latest_charge']}").body
    assert (charge["refunded"], charge["amount_refunded"]) == (True, 1500)
    assert api.get(f"refunds/{made['id']}").body == made


@rule("payments/paymentintents/lifecycle", "a-refunded-intent-stays-succeeded")
def test_the_intent_stays_succeeded(api: Api) -> None:
    paid = api.paid()
    refund(api, paid)
    after = api.now(paid)
    assert (after["status"], after["amount_received"]) == ("succeeded", 1500)


@rule(CREATE, "in-parts-up-to-the-whole")
def test_partial_refunds(api: Api) -> None:
    paid = api.paid()
    assert refund(api, paid, amount=500).body["amount"] == 500
    charge = api.get(f"charges/{paid['latest_charge']}").body
    assert (charge["refunded"], charge["amount_refunded"]) == (False, 500)
    too_much = refund(api, paid, amount=1001)
    assert (too_much.status, too_much.error["type"]) == (400, "invalid_request_error")
    assert refund(api, paid).body["amount"] == 1000
    assert api.get(f"charges/{paid['latest_charge']}").body["refunded"] is True


@rule("error-codes", "charge_already_refunded")
def test_nothing_left_to_refund(api: Api) -> None:
    paid = api.paid()
    refund(api, paid)
    assert refund(api, paid).refusal()[:3] == (400, "invalid_request_error", "charge_already_refunded")


@rule(CREATE, "what-was-never-paid")
def test_nothing_was_paid(api: Api) -> None:
    answer = refund(api, api.intent())
    assert (answer.status, answer.error["type"]) == (400, "invalid_request_error")


@rule("error-codes", "resource_missing-of-a-refund")
def test_an_unknown_intent(api: Api) -> None:
    status, kind, code, param = refund(api, {"id": "pi_none"}).refusal()
    assert (kind, code, param) == ("invalid_request_error", "resource_missing", "payment_intent")
    assert status in (400, 404)


@rule(CREATE, "reason")
def test_a_reason_is_one_of_three(api: Api) -> None:
    answer = refund(api, api.paid(), reason="changed_their_mind")
    assert (answer.status, answer.error["param"]) == (400, "reason")


@rule("api/idempotent_requests", "a-refund-repeated-is-made-once")
def test_a_repeated_refund(api: Api) -> None:
    paid, key = api.paid(), unique()
    first, again = refund(api, paid, key, amount=500), refund(api, paid, key, amount=500)
    assert first.body == again.body
    assert api.get(f"charges/{paid['latest_charge']}").body["amount_refunded"] == 500


@rule("testing", "refunds-that-succeed-later")
def test_a_refund_that_pends(api: Api) -> None:
    made = refund(api, api.paid("pm_card_pendingRefund")).body
    assert made["status"] == "pending"


@rule("testing", "refunds-that-fail-later")
def test_a_refund_that_fails_later_first_succeeds(api: Api) -> None:
    made = refund(api, api.paid("pm_card_refundFail")).body
    assert made["status"] in ("succeeded", "pending")


@rule("api/events/types", "refund.created")
@pytest.mark.parametrize("kind", ["refund.created", "charge.refunded"])
def test_a_refund_has_its_events(api: Api, kind: str) -> None:
    paid = api.paid()
    made = refund(api, paid).body
    thing = made if kind.startswith("refund") else {"id": paid["latest_charge"]}
    assert api.eventually(lambda: api.events(thing, kind))


@rule("api/refunds/list", "by-intent-newest-first")
def test_refunds_are_listed_by_intent(api: Api) -> None:
    paid, other = api.paid(), api.paid()
    first, second = refund(api, paid, amount=100).body, refund(api, paid, amount=200).body
    refund(api, other)
    listed = api.get("refunds", {"payment_intent": paid["id"]}).body
    assert [one["id"] for one in listed["data"]] == [second["id"], first["id"]]
