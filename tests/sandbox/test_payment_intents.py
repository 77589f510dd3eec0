import pytest
import stripe

CARDS_ONLY = {"amount": 1500, "currency": "gbp", "allowed_payment_method_types": ["card"]}


def test_a_new_intent_waits_for_a_payment_method(client, intent):
    assert intent.status == "requires_payment_method"
    assert intent.id.startswith("pi_3")
    assert intent.client_secret.startswith(f"{intent.id}_secret_")
    assert intent.livemode is False
    assert intent.metadata["booking_id"] == "7"
    assert client.v1.payment_intents.retrieve(intent.id).to_dict() == intent.to_dict()


@pytest.mark.parametrize("card", ["pm_card_visa", "pm_card_mastercard"])
def test_a_good_card_pays(client, intent, card):
    paid = client.v1.payment_intents.confirm(intent.id, {"payment_method": card})
    assert (paid.status, paid.amount_received) == ("succeeded", 1500)
    assert paid.latest_charge.startswith("ch_3")
    assert paid.payment_method.startswith("pm_1")


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ],
)
def test_a_declined_card_leaves_the_intent_payable(client, intent, card, code, decline_code):
    with pytest.raises(stripe.CardError) as refusal:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": card})
    error = refusal.value.error
    assert (refusal.value.http_status, error.code, error.decline_code) == (402, code, decline_code)
    assert error.payment_intent.id == intent.id

    declined = client.v1.payment_intents.retrieve(intent.id)
    assert declined.status == "requires_payment_method"
    assert declined.last_payment_error.decline_code == decline_code
    assert declined.amount_received == 0

    assert client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"}).status == "succeeded"
    assert client.v1.payment_intents.retrieve(intent.id).last_payment_error is None


@pytest.mark.parametrize("card", ["pm_card_authenticationRequired", "pm_card_threeDSecure2Required"])
@pytest.mark.parametrize(("ok", "status"), [(True, "succeeded"), (False, "requires_payment_method")])
def test_a_card_that_asks_for_its_holder_waits_for_the_answer(sandbox, client, intent, card, ok, status):
    waiting = client.v1.payment_intents.confirm(intent.id, {"payment_method": card, "return_url": "http://localhost/"})
    assert waiting.status == "requires_action"
    assert waiting.next_action.type == "redirect_to_url"
    assert waiting.next_action.redirect_to_url.return_url == "http://localhost/"

    assert sandbox.post(f"payment_intents/{intent.id}/authenticate", {"ok": ok}).json()["status"] == status
    after = client.v1.payment_intents.retrieve(intent.id)
    assert (after.status, after.next_action) == (status, None)
    if not ok:
        assert after.last_payment_error.code == "payment_intent_authentication_failure"


@pytest.mark.parametrize(("ok", "status"), [(True, "succeeded"), (False, "requires_payment_method")])
def test_a_processing_payment_cannot_be_cancelled_and_the_bank_ends_it(sandbox, client, intent, ok, status):
    client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_sandbox_processing"})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.cancel(intent.id)
    assert refusal.value.error.code == "payment_intent_unexpected_state"
    assert refusal.value.error.payment_intent.status == "processing"

    assert sandbox.post(f"payment_intents/{intent.id}/settle", {"ok": ok}).json()["status"] == status
    assert sandbox.post(f"payment_intents/{intent.id}/settle", {"ok": ok}).status_code == 400


def test_the_payer_can_confirm_without_a_key(sandbox, client, intent):
    declined = sandbox.post(f"payment_intents/{intent.id}/confirm", {"payment_method": "pm_card_chargeDeclined"})
    assert (declined.status_code, declined.json()["error"]["decline_code"]) == (402, "generic_decline")
    assert sandbox.post(f"payment_intents/{intent.id}/confirm").json()["status"] == "succeeded"


@pytest.mark.parametrize("reason", ["duplicate", "fraudulent", "requested_by_customer", "abandoned"])
def test_an_unpaid_intent_is_cancelled_for_a_known_reason(client, intent, reason):
    ended = client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": reason})
    assert (ended.status, ended.cancellation_reason) == ("canceled", reason)
    assert ended.canceled_at >= ended.created


def test_an_intent_that_waits_for_its_payer_can_be_cancelled(client, intent):
    client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_authenticationRequired"})
    assert client.v1.payment_intents.cancel(intent.id).status == "canceled"


def test_an_unknown_reason_to_cancel_is_refused(client, intent):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "expired"})
    assert refusal.value.error.param == "cancellation_reason"


@pytest.mark.parametrize("act", ["confirm", "cancel"])
@pytest.mark.parametrize("end", ["succeeded", "canceled"])
def test_what_has_ended_refuses_every_act_and_shows_the_intent(client, intent, act, end):
    if end == "succeeded":
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    else:
        client.v1.payment_intents.cancel(intent.id)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        getattr(client.v1.payment_intents, act)(
            intent.id, {"payment_method": "pm_card_visa"} if act == "confirm" else {}
        )
    assert refusal.value.http_status == 400
    assert refusal.value.error.code == "payment_intent_unexpected_state"
    assert (refusal.value.error.payment_intent.id, refusal.value.error.payment_intent.status) == (intent.id, end)


def test_an_intent_can_be_created_and_confirmed_at_once(client):
    paid = client.v1.payment_intents.create({**CARDS_ONLY, "confirm": True, "payment_method": "pm_card_visa"})
    assert paid.status == "succeeded"


def test_an_intent_created_with_a_method_waits_to_be_confirmed(client):
    intent = client.v1.payment_intents.create({**CARDS_ONLY, "payment_method": "pm_card_visa"})
    assert intent.status == "requires_confirmation"
    assert client.v1.payment_intents.confirm(intent.id).status == "succeeded"


def test_a_decline_at_creation_leaves_an_intent_to_retry(client):
    with pytest.raises(stripe.CardError) as refusal:
        client.v1.payment_intents.create({**CARDS_ONLY, "confirm": True, "payment_method": "pm_card_chargeDeclined"})
    kept = refusal.value.error.payment_intent.id
    assert client.v1.payment_intents.confirm(kept, {"payment_method": "pm_card_visa"}).status == "succeeded"


def test_an_unknown_payment_method_creates_nothing(client):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.create({**CARDS_ONLY, "confirm": True, "payment_method": "pm_card_nobody"})
    assert (refusal.value.error.code, refusal.value.error.param) == ("resource_missing", "payment_method")
    assert client.v1.payment_intents.list().data == []


def test_confirming_without_any_method_is_refused(client, intent):
    with pytest.raises(stripe.InvalidRequestError, match="no payment method"):
        client.v1.payment_intents.confirm(intent.id)


def test_an_unknown_intent_is_missing(client):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.retrieve("pi_none")
    assert (refusal.value.http_status, refusal.value.error.code) == (404, "resource_missing")


def test_a_payment_method_can_be_expanded(client, intent):
    paid = client.v1.payment_intents.confirm(
        intent.id, {"payment_method": "pm_card_visa", "expand": ["payment_method"]}
    )
    assert paid.payment_method.card.last4 == "4242"
    assert isinstance(client.v1.payment_intents.retrieve(intent.id).payment_method, str)


def test_whatever_is_not_served_answers_in_stripes_shape(sandbox):
    answer = sandbox.raw("POST", "/v1/checkout/sessions", data={"anything": "at all"})
    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert answer.json()["error"]["message"].startswith("Unrecognized request URL (POST: /v1/checkout/sessions)")
