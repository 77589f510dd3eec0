"""The sandbox's objects against the SDK's own annotations, which follow its API version."""

import pytest
import stripe

from tests.contract.objects import of_answer, problems


def everything(sandbox):
    """Every object the API gives, and every object inside an event."""
    for name in ("payment_intents", "charges", "refunds", "disputes", "customers", "events"):
        page = sandbox.raw("GET", f"/v1/{name}?limit=100").json()
        assert {"object", "data", "has_more", "url"} == set(page), name
        for thing in page["data"]:
            yield thing
            if thing["object"] == "event":
                yield thing["data"]["object"]
            if thing.get("payment_method"):
                yield sandbox.raw("GET", f"/v1/payment_methods/{thing['payment_method']}").json()


def check(sandbox):
    kinds = set()
    for thing in everything(sandbox):
        kinds.add(thing["object"])
        assert of_answer(thing) == []
    return kinds


TOKENS = (
    "pm_card_visa",
    "pm_card_chargeDeclined",
    "pm_card_radarBlock",
    "pm_card_authenticationRequired",
    "pm_sandbox_processing",
    "pm_card_createDispute",
    "pm_card_createDisputeInquiry",
)


@pytest.mark.parametrize("card", TOKENS)
def test_what_a_card_does_has_the_shapes_the_sdk_declares(sandbox, intent, card):
    sandbox.post(f"payment_intents/{intent.id}/confirm", {"payment_method": card})
    assert {"payment_intent", "event"} <= check(sandbox)


@pytest.mark.parametrize(
    ("card", "act", "ok"),
    [
        ("pm_card_authenticationRequired", "authenticate", True),
        ("pm_card_authenticationRequired", "authenticate", False),
        ("pm_sandbox_processing", "settle", True),
        ("pm_sandbox_processing", "settle", False),
    ],
)
def test_what_follows_an_answer_has_the_shapes_the_sdk_declares(sandbox, intent, card, act, ok):
    sandbox.post(f"payment_intents/{intent.id}/confirm", {"payment_method": card, "return_url": "http://localhost/"})
    check(sandbox)
    sandbox.post(f"payment_intents/{intent.id}/{act}", {"ok": ok})
    check(sandbox)


def test_an_intent_that_ends_unpaid_has_the_shape_the_sdk_declares(sandbox, client, intent):
    check(sandbox)
    client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    check(sandbox)


@pytest.mark.parametrize("end", ["capture", "cancel"])
def test_a_hold_has_the_shape_the_sdk_declares(sandbox, client, intent, end):
    client.v1.payment_intents.update(intent.id, {"capture_method": "manual", "payment_method": "pm_card_visa"})
    client.v1.payment_intents.confirm(intent.id)
    check(sandbox)
    getattr(client.v1.payment_intents, end)(intent.id)
    check(sandbox)


@pytest.mark.parametrize("card", ["pm_card_visa", "pm_card_pendingRefund"])
@pytest.mark.parametrize("end", ["succeed", "fail", None])
def test_a_refund_has_the_shape_the_sdk_declares(sandbox, client, intent, card, end):
    client.v1.payment_intents.confirm(intent.id, {"payment_method": card})
    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 500, "metadata": {"a": "1"}})
    if end:
        sandbox.post(f"refunds/{refund.id}/{end}")
    client.v1.refunds.update(refund.id, {"metadata": {"a": ""}})
    assert "refund" in check(sandbox)


@pytest.mark.parametrize("won", [True, False])
def test_a_dispute_has_the_shape_the_sdk_declares(sandbox, client, intent, won):
    client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    dispute = sandbox.post(f"payment_intents/{intent.id}/dispute").json()
    client.v1.disputes.update(dispute["id"], {"evidence": {"product_description": "Yoga"}})
    sandbox.post(f"disputes/{dispute['id']}/close", {"won": won})
    assert "dispute" in check(sandbox)


def test_a_customer_has_the_shape_the_sdk_declares(sandbox, client):
    ana = client.v1.customers.create({"name": "Ana", "address": {"city": "Leeds"}, "preferred_locales": ["en"]})
    client.v1.customers.update(ana.id, {"phone": "+441134960000"})
    assert check(sandbox) == {"customer", "event"}


def test_card_details_have_the_shape_the_sdk_declares(sandbox, client, intent):
    form = {
        "payment_method_data[type]": "card",
        "payment_method_data[card][number]": "4000056655665556",
        "payment_method_data[card][exp_month]": "7",
        "payment_method_data[card][exp_year]": "40",
        "payment_method_data[billing_details][address][line1]": "1 High Street",
        "payment_method_data[billing_details][email]": "ana@example.com",
        "payment_method_data[allow_redisplay]": "always",
    }
    sandbox.raw("POST", f"/v1/payment_intents/{intent.id}/confirm", data=form)
    assert "payment_method" in check(sandbox)


def test_expanded_objects_have_the_shapes_the_sdk_declares(sandbox, client, intent):
    client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 500})
    query = "expand[]=latest_charge.refunds&expand[]=payment_method&expand[]=latest_charge.payment_intent"
    whole = sandbox.raw("GET", f"/v1/payment_intents/{intent.id}?{query}").json()
    assert problems(stripe.PaymentIntent, whole, "intent") == []
    assert whole["latest_charge"]["refunds"]["data"][0]["object"] == "refund"


@pytest.mark.parametrize(
    ("method", "path", "form"),
    [
        ("POST", "/v1/payment_intents", {}),
        ("POST", "/v1/payment_intents", {"amount": "1500", "currency": "gbp", "colour": "red"}),
        ("GET", "/v1/payment_intents/pi_none", {}),
        ("POST", "/v1/payment_intents/{}/confirm", {"payment_method": "pm_card_chargeDeclined"}),
        (
            "POST",
            "/v1/payment_intents/{}/confirm",
            {"payment_method": "pm_card_authenticationRequired", "off_session": "true"},
        ),
        ("POST", "/v1/payment_intents/{}/confirm", {}),
        ("POST", "/v1/payment_intents/{}/capture", {}),
        ("POST", "/v1/refunds", {"payment_intent": "{}"}),
        ("GET", "/v1/nothing", {}),
    ],
)
def test_a_refusal_has_the_shape_the_sdk_declares(sandbox, intent, method, path, form):
    form = {name: value.format(intent.id) for name, value in form.items()}
    answer = sandbox.raw(method, path.format(intent.id), data=form or None)
    assert answer.status_code >= 400
    assert set(answer.json()) == {"error"}
    assert problems(stripe.ErrorObject, answer.json()["error"], "error") == []
