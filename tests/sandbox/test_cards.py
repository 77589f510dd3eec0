import time

import pytest
import stripe

AMOUNT = {"amount": 1500, "currency": "gbp"}


def details(number, *, month="12", year="2034", cvc="123", **more):
    return {
        "payment_method_data[type]": "card",
        "payment_method_data[card][number]": number,
        "payment_method_data[card][exp_month]": month,
        "payment_method_data[card][exp_year]": year,
        "payment_method_data[card][cvc]": cvc,
        **more,
    }


def confirm(sandbox, intent, form):
    """What Stripe.js sends from a page."""
    headers = {"Authorization": "Bearer pk_test_page"}
    path = f"/v1/payment_intents/{intent.id}/confirm"
    form = {"client_secret": intent.client_secret, "use_stripe_sdk": "true", **form}
    answer = sandbox.raw("POST", path, auth=None, headers=headers, data=form)
    assert form["payment_method_data[card][number]"] not in answer.text
    return answer


@pytest.mark.parametrize(
    ("number", "brand", "last4"),
    [
        ("4242424242424242", "visa", "4242"),
        ("4242 4242 4242 4242", "visa", "4242"),
        ("5555555555554444", "mastercard", "4444"),
        ("378282246310005", "amex", "0005"),
    ],
)
def test_a_good_number_pays(sandbox, client, intent, number, brand, last4):
    form = details(number, year="34", **{"payment_method_data[billing_details][address][postal_code]": "N1"})
    answer = confirm(sandbox, intent, form)
    assert answer.json()["status"] == "succeeded"
    method = client.v1.payment_intents.retrieve(intent.id, {"expand": ["payment_method"]}).payment_method
    assert (method.card.brand, method.card.last4) == (brand, last4)
    assert (method.card.exp_month, method.card.exp_year) == (12, 2034)
    assert method.billing_details.address.postal_code == "N1"


@pytest.mark.parametrize(
    ("number", "code", "decline_code"),
    [
        ("4000000000000002", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000009987", "card_declined", "lost_card"),
        ("4000000000000069", "expired_card", "expired_card"),
        ("4000000000000127", "incorrect_cvc", "incorrect_cvc"),
        ("4000000000000119", "processing_error", "processing_error"),
    ],
)
def test_a_number_that_is_declined_fails_the_attempt(sandbox, client, intent, number, code, decline_code):
    answer = confirm(sandbox, intent, details(number))
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (402, "card_error", code)
    assert error["decline_code"] == decline_code
    assert client.v1.payment_intents.retrieve(intent.id).last_payment_error.code == code


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        (details("4242424242424241"), "incorrect_number", "number"),
        (details("4242"), "incorrect_number", "number"),
        (details("4111111111111111"), "card_declined", None),
        (details("4242424242424242", year="2020"), "invalid_expiry_year", "exp_year"),
        (details("4242424242424242", month="13"), "invalid_expiry_month", "exp_month"),
        (details("4242424242424242", cvc="12"), "invalid_cvc", "cvc"),
    ],
    ids=["checksum", "short", "no test card", "year", "month", "cvc"],
)
def test_details_that_make_no_card_are_refused_and_the_intent_stays_as_it_was(
    sandbox, client, intent, form, code, param
):
    answer = confirm(sandbox, intent, form)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"], error.get("param")) == (402, "card_error", code, param)
    after = client.v1.payment_intents.retrieve(intent.id)
    assert (after.status, after.last_payment_error) == ("requires_payment_method", None)


def test_a_month_that_is_past_has_expired(sandbox, intent):
    today = time.gmtime()
    if today.tm_mon == 1:
        pytest.skip("no month of this year is past in January")
    form = details("4242424242424242", month=str(today.tm_mon - 1), year=str(today.tm_year))
    assert confirm(sandbox, intent, form).json()["error"]["code"] == "invalid_expiry_month"


def test_a_missing_number_is_named(sandbox, intent):
    form = details("4242424242424242")
    form["payment_method_data[card][number]"] = ""
    error = sandbox.raw("POST", f"/v1/payment_intents/{intent.id}/confirm", data=form).json()["error"]
    assert (error["code"], error["param"]) == ("parameter_missing", "payment_method_data[card][number]")


@pytest.mark.parametrize("number", ["4000002500003155", "4000002760003184", "4000000000003220"])
def test_a_number_that_asks_for_its_holder_waits(sandbox, intent, number):
    waiting = confirm(sandbox, intent, details(number, return_url="http://localhost/")).json()
    assert (waiting["status"], waiting["next_action"]["type"]) == ("requires_action", "use_stripe_sdk")
    assert sandbox.post(f"payment_intents/{intent.id}/authenticate", {"ok": True}).json()["status"] == "succeeded"


def test_a_card_can_be_declined_after_its_holder_answered(sandbox, intent):
    confirm(sandbox, intent, details("4000008260003178"))
    answer = sandbox.post(f"payment_intents/{intent.id}/authenticate", {"ok": True})
    assert answer.json()["last_payment_error"]["decline_code"] == "insufficient_funds"


@pytest.mark.parametrize("flag", ["off_session", "error_on_requires_action"])
def test_nobody_is_asked_when_nobody_is_there(client, intent, flag):
    with pytest.raises(stripe.CardError) as refusal:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_authenticationRequired", flag: True})
    assert refusal.value.error.code == "authentication_required"
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"


def test_the_sandboxs_own_number_is_worked_on_by_the_bank(sandbox, intent):
    assert confirm(sandbox, intent, details("4000000000008807")).json()["status"] == "processing"


def test_the_payer_can_try_a_number_by_hand(sandbox, intent):
    answer = sandbox.post(f"payment_intents/{intent.id}/confirm", {"payment_method": "4000000000000002"})
    assert answer.json()["error"]["decline_code"] == "generic_decline"


def test_a_number_in_the_wrong_place_is_not_repeated(sandbox, intent):
    path = f"/v1/payment_intents/{intent.id}/confirm"
    assert "4242" not in sandbox.raw("POST", path, data={"payment_method": "4242424242424242"}).text


@pytest.mark.parametrize(
    ("setup", "refused"),
    [
        ({}, True),
        ({"automatic_payment_methods": {"enabled": True}}, True),
        ({"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}, False),
        ({"allowed_payment_method_types": ["card"]}, False),
    ],
    ids=["default", "automatic", "no redirects", "cards only"],
)
def test_a_server_needs_a_return_url_where_a_method_may_lead_the_payer_away(sandbox, client, setup, refused):
    intent = client.v1.payment_intents.create({**AMOUNT, **setup})
    paying = {"payment_method": "pm_card_visa"}
    if refused:
        with pytest.raises(stripe.InvalidRequestError, match="return_url"):
            client.v1.payment_intents.confirm(intent.id, paying)
        with pytest.raises(stripe.InvalidRequestError, match="return_url"):
            client.v1.payment_intents.create({**AMOUNT, **setup, **paying, "confirm": True})
        assert confirm(sandbox, intent, details("4242424242424242")).json()["status"] == "succeeded"
    else:
        assert client.v1.payment_intents.confirm(intent.id, paying).status == "succeeded"


def test_a_server_that_names_the_way_back_may_confirm(client):
    paid = client.v1.payment_intents.create(
        {**AMOUNT, "confirm": True, "payment_method": "pm_card_visa", "return_url": "http://localhost/"}
    )
    assert paid.status == "succeeded"
