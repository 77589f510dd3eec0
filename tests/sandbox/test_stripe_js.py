"""The Payment Element, driven by a shop's page that knows nothing of the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import stripe
from playwright.sync_api import Page, expect

from tests.clients.node import installed
from tests.sandbox.conftest import Running, eventually
from tests.sandbox.shop import ASKS, DECLINED, PAID, POOR, SLOW, STRIPE, Checkout, reroute, shop

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture
def checkout(page: Page, sandbox: Running) -> Iterator[Checkout]:
    with shop(f"{sandbox.url}/stripe.js", sandbox.url) as base:
        checkout = Checkout(page, sandbox, base)
        yield checkout
        assert checkout.complaints == []


@pytest.fixture
def loaded(page: Page, sandbox: Running) -> Iterator[Checkout]:
    """The same page, its Stripe.js loaded by @stripe/stripe-js from js.stripe.com, which leads to the sandbox."""
    vendor = installed() / "@stripe" / "stripe-js" / "dist"
    reroute(page, sandbox)
    with shop("", STRIPE, vendor) as base:
        checkout = Checkout(page, sandbox, base)
        yield checkout
        assert checkout.complaints == []


def status(client: stripe.StripeClient, intent: stripe.PaymentIntent) -> str:
    return client.v1.payment_intents.retrieve(intent.id).status


def test_a_card_is_typed_and_paid(checkout: Checkout, client: Any, intent: Any) -> None:
    checkout.open(intent, redirect="if_required")
    paid = checkout.pay(PAID)["paymentIntent"]
    assert (paid["id"], paid["status"], paid["amount"]) == (intent.id, "succeeded", 1500)
    assert "metadata" not in paid
    assert status(client, intent) == "succeeded"


def test_a_declined_card_can_be_followed_by_another_on_the_same_form(checkout: Checkout, intent: Any) -> None:
    checkout.open(intent, redirect="if_required")
    error = checkout.pay(DECLINED)["error"]
    assert (error["type"], error["code"], error["decline_code"]) == ("card_error", "card_declined", "generic_decline")
    assert error["payment_intent"]["status"] == "requires_payment_method"
    expect(checkout.page.locator("#message")).to_have_text("Your card was declined.")
    assert checkout.pay(PAID)["paymentIntent"]["status"] == "succeeded"


def test_a_poor_card_says_so(checkout: Checkout, intent: Any) -> None:
    checkout.open(intent, redirect="if_required")
    assert checkout.pay(POOR)["error"]["decline_code"] == "insufficient_funds"


def test_processing_is_an_outcome(checkout: Checkout, intent: Any) -> None:
    checkout.open(intent, redirect="if_required")
    assert checkout.pay(SLOW)["paymentIntent"]["status"] == "processing"


@pytest.mark.parametrize(
    ("number", "redirect_status"), [(PAID, "succeeded"), (SLOW, "pending")], ids=["paid", "processing"]
)
def test_without_a_word_on_redirects_the_page_is_left(
    checkout: Checkout, intent: Any, number: str, redirect_status: str
) -> None:
    checkout.open(intent)
    checkout.type(number)
    checkout.page.get_by_role("button", name="Pay now").click()
    check_returned(checkout, intent, redirect_status)


def check_returned(checkout: Checkout, intent: Any, redirect_status: str) -> None:
    checkout.page.wait_for_url("**/done?**")
    assert parse_qs(urlsplit(checkout.page.url).query) == {
        "order": ["7"],
        "payment_intent": [intent.id],
        "payment_intent_client_secret": [intent.client_secret],
        "redirect_status": [redirect_status],
    }


def test_a_decline_keeps_the_page_even_when_it_would_be_left(checkout: Checkout, intent: Any) -> None:
    checkout.open(intent)
    assert checkout.pay(DECLINED)["error"]["code"] == "card_declined"


@pytest.mark.parametrize("redirect", ["if_required", "always"])
def test_the_issuers_question_is_answered_in_a_dialog(checkout: Checkout, intent: Any, redirect: str) -> None:
    checkout.open(intent, redirect=redirect)
    checkout.type(ASKS)
    checkout.page.get_by_role("button", name="Pay now").click()
    expect(checkout.challenge.get_by_text("£15.00")).to_be_visible()
    checkout.challenge.get_by_role("button", name="Complete").click()
    if redirect == "always":
        check_returned(checkout, intent, "succeeded")
    else:
        assert checkout.result()["paymentIntent"]["status"] == "succeeded"
        expect(checkout.page.locator("dialog")).to_have_count(0)


@pytest.mark.parametrize("redirect", ["if_required", "always"])
@pytest.mark.parametrize("by", ["button", "escape", "escape in the page"])
def test_whoever_fails_the_question_can_pay_with_another_card(
    checkout: Checkout, intent: Any, redirect: str, by: str
) -> None:
    checkout.open(intent, redirect=redirect)
    checkout.type(ASKS)
    checkout.page.get_by_role("button", name="Pay now").click()
    expect(checkout.challenge.get_by_role("button", name="Complete")).to_be_focused()
    if by == "button":
        checkout.challenge.get_by_role("button", name="Fail").click()
    elif by == "escape in the page":
        checkout.page.evaluate("document.querySelector('dialog').dispatchEvent(new Event('cancel'))")
    else:
        checkout.page.keyboard.press("Escape")
    error = checkout.result()["error"]
    assert error["code"] == "payment_intent_authentication_failure"
    assert error["payment_intent"]["status"] == "requires_payment_method"
    if redirect == "if_required":
        assert checkout.pay(PAID)["paymentIntent"]["status"] == "succeeded"


def test_the_dialog_keeps_the_focus(checkout: Checkout, intent: Any) -> None:
    checkout.open(intent)
    checkout.type(ASKS)
    checkout.page.get_by_role("button", name="Pay now").click()
    yes, no = (checkout.challenge.get_by_role("button", name=name) for name in ("Complete", "Fail"))
    expect(yes).to_be_focused()
    for expected in (no, yes, no):
        checkout.page.keyboard.press("Tab")
        expect(expected).to_be_focused()
    checkout.page.keyboard.press("Enter")
    assert "error" in checkout.result()


def test_an_intent_canceled_under_the_form_is_no_longer_payable(checkout: Checkout, client: Any, intent: Any) -> None:
    checkout.open(intent, redirect="if_required")
    client.v1.payment_intents.cancel(intent.id)
    error = checkout.pay(PAID)["error"]
    assert error["code"] == "payment_intent_unexpected_state"
    assert error["payment_intent"]["status"] == "canceled"


def test_an_intent_canceled_under_the_dialog_is_no_longer_payable(checkout: Checkout, client: Any, intent: Any) -> None:
    checkout.open(intent, redirect="if_required")
    checkout.type(ASKS)
    checkout.page.get_by_role("button", name="Pay now").click()
    expect(checkout.challenge.get_by_role("button", name="Complete")).to_be_focused()
    client.v1.payment_intents.cancel(intent.id)
    checkout.challenge.get_by_role("button", name="Complete").click()
    assert checkout.result()["error"]["code"] == "payment_intent_unexpected_state"


@pytest.mark.parametrize(
    "card", ["pm_card_visa", "pm_sandbox_processing", None], ids=["paid", "processing", "canceled"]
)
def test_the_form_refuses_an_intent_that_cannot_be_paid(
    checkout: Checkout, client: Any, intent: Any, card: str | None
) -> None:
    if card:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": card})
    else:
        client.v1.payment_intents.cancel(intent.id)
    checkout.open(intent, ready=False)
    [told] = eventually(lambda: checkout.told("loaderror"))
    assert told["error"]["code"] == "payment_intent_unexpected_state"
    assert not checkout.told("ready")
    assert "error" in checkout.submit()


def test_a_wrong_client_secret_does_not_load(checkout: Checkout, intent: Any) -> None:
    intent.client_secret = intent.client_secret[:-4] + "nope"
    checkout.open(intent, ready=False)
    [told] = eventually(lambda: checkout.told("loaderror"))
    assert told["error"]["type"] == "invalid_request_error"


def test_an_empty_form_is_not_sent(checkout: Checkout, sandbox: Running, intent: Any) -> None:
    checkout.open(intent, unsubmitted=1)
    error = checkout.submit()["error"]
    assert (error["type"], error["code"]) == ("validation_error", "incomplete_number")
    number = checkout.form.get_by_label("Card number")
    expect(number).to_have_attribute("aria-invalid", "true")
    expect(number).to_be_focused()
    expect(checkout.form.get_by_text("Your card number is incomplete.")).to_be_visible()
    assert not [entry for entry in sandbox.journal() if entry["path"].endswith("/confirm")]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"number": "424242424242424"}, "incomplete_number"),
        ({"number": "4242424242424241"}, "invalid_number"),
        ({"expiry": "12"}, "incomplete_expiry"),
        ({"expiry": "1220"}, "invalid_expiry_year_past"),
        ({"expiry": "1334"}, "invalid_expiry_month"),
        ({"code": "12"}, "incomplete_cvc"),
        ({"postcode": ""}, "incomplete_zip"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_an_incomplete_form_is_not_submitted(checkout: Checkout, intent: Any, wrong: dict[str, str], code: str) -> None:
    checkout.open(intent)
    checkout.type(**({"number": PAID} | wrong))
    error = checkout.submit()["error"]
    assert (error["type"], error["code"]) == ("validation_error", code)


def test_what_is_typed_is_spaced_and_told(checkout: Checkout, intent: Any) -> None:
    checkout.open(intent)
    number, expiry = (checkout.form.get_by_label(name) for name in ("Card number", "Expiration date"))
    number.press_sequentially("378282246310005")
    expect(number).to_have_value("3782 822463 10005")
    expect(checkout.form.get_by_text("Amex", exact=True)).to_be_visible()
    expect(expiry).to_be_focused()
    expiry.press_sequentially("9")
    expect(expiry).to_have_value("09")
    expiry.press_sequentially("34")
    expect(expiry).to_have_value("09 / 34")
    expiry.press("End")
    for left in ("09 / 3", "09", "0"):
        expiry.press("Backspace")
        expect(expiry).to_have_value(left)
    number.fill("4242 4242-42424242")
    expect(number).to_have_value("4242 4242 4242 4242")
    number.press("Home")
    number.press("ArrowRight")
    number.press("Delete")
    expect(number).to_have_value("4424 2424 2424 242")
    assert number.evaluate("node => node.selectionStart") == 1
    first = checkout.told("change")[0]
    assert (first["elementType"], first["empty"], first["complete"]) == ("payment", False, False)
    assert first["value"]["type"] == "card"


def test_the_page_hears_what_becomes_of_the_form(checkout: Checkout, intent: Any) -> None:
    checkout.open(intent)
    checkout.form.get_by_role("button", name="Paid").click()
    checkout.form.get_by_label("Security code").fill("1")
    checkout.page.evaluate("element.clear()")
    seen = lambda: [(event["empty"], event["complete"]) for event in checkout.told("change")]  # noqa: E731
    assert eventually(lambda: len(seen()) == 3)
    assert seen() == [(False, True), (False, False), (True, False)]
    checkout.form.get_by_label("Card number").press("Escape")
    checkout.page.get_by_role("button", name="Pay now").focus()
    eventually(lambda: checkout.told("escape") and checkout.told("blur"))
    kinds = [event["type"] for event in checkout.page.evaluate("told")]
    assert kinds[:3] == ["loaderstart", "ready", "focus"]


@pytest.mark.parametrize(
    ("button", "outcome"),
    [
        ("Paid", "succeeded"),
        ("Declined", "Your card was declined."),
        ("Insufficient funds", "Your card has insufficient funds."),
        ("Processing", "processing"),
    ],
)
def test_a_test_card_is_one_press_away(checkout: Checkout, intent: Any, button: str, outcome: str) -> None:
    checkout.open(intent, redirect="if_required")
    checkout.form.get_by_role("button", name=button).click()
    checkout.submit()
    expect(checkout.page.locator("#message")).to_have_text(outcome)


def test_the_intent_may_be_made_after_the_form(checkout: Checkout, client: Any, intent: Any) -> None:
    checkout.open(None, amount=1500, unsubmitted=1)
    checkout.type(PAID)
    confirm = """async ([secret, submit]) => {
        if (submit) await elements.submit();
        return stripe.confirmPayment({ elements, clientSecret: secret, redirect: "if_required" })
            .then(({ paymentIntent }) => paymentIntent.status, (error) => `${error.name}: ${error.message}`);
    }"""
    refused = checkout.page.evaluate(confirm, [intent.client_secret, False])
    assert refused == "IntegrationError: elements.submit() must be called before stripe.confirmPayment()."
    assert status(client, intent) == "requires_payment_method"
    assert checkout.page.evaluate(confirm, [intent.client_secret, True]) == "succeeded"


def test_code_that_loads_stripe_js_from_stripe_pays_here(loaded: Checkout, client: Any, intent: Any) -> None:
    loaded.open(intent, where="loaded", redirect="if_required")
    assert loaded.pay(DECLINED)["error"]["code"] == "card_declined"
    loaded.type(ASKS)
    loaded.page.get_by_role("button", name="Pay now").click()
    loaded.challenge.get_by_role("button", name="Complete").click()
    assert loaded.result()["paymentIntent"]["status"] == "succeeded"
    assert status(client, intent) == "succeeded"


def test_code_that_loads_stripe_js_from_stripe_is_led_back(loaded: Checkout, intent: Any) -> None:
    loaded.open(intent, where="loaded")
    loaded.type(PAID)
    loaded.page.get_by_role("button", name="Pay now").click()
    check_returned(loaded, intent, "succeeded")
