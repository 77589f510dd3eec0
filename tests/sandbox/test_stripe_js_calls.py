"""What Stripe.js answers to code, and the issuer's question on a page of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import stripe
from playwright.sync_api import Page, expect

from tests.sandbox.conftest import Running
from tests.sandbox.shop import PAID, Checkout, shop
from tests.sandbox.test_stripe_js import check_returned, status

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture
def checkout(page: Page, sandbox: Running) -> Iterator[Checkout]:
    with shop(f"{sandbox.url}/stripe.js", sandbox.url) as base:
        checkout = Checkout(page, sandbox, base)
        yield checkout
        assert checkout.complaints == []


def call(checkout: Checkout, expression: str, *given: Any) -> Any:
    """What an expression of the page comes to, or the error that it throws."""
    code = "async (given) => { try { return await (%s) } catch (error) { return `${error.name}: ${error.message}` } }"
    return checkout.page.evaluate(code % expression, list(given))


def asked(client: stripe.StripeClient, intent: Any, return_url: str) -> stripe.PaymentIntent:
    """The intent, confirmed by a server with a card whose issuer asks."""
    card = {"payment_method": "pm_card_authenticationRequired", "return_url": return_url}
    return client.v1.payment_intents.confirm(intent.id, card)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("pk_live_1", "refuses live keys"),
        ("sk_live_1", "refuses live keys"),
        ("sk_test_1", "no place in a page"),
        ("rk_test_1", "no place in a page"),
        ("nonsense", "no publishable test key"),
        ("", "needs a publishable key"),
    ],
)
def test_only_publishable_test_keys_are_taken(checkout: Checkout, intent: Any, key: str, reason: str) -> None:
    checkout.open(intent)
    assert reason in call(checkout, "Stripe(given[0]) && 'taken'", key)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("stripe.elements({clientSecret: 'nonsense'})", "pi_…_secret_…"),
        ("stripe.elements({clientSecret: given[0], mode: 'payment', amount: 1, currency: 'gbp'})", "not both"),
        ("stripe.elements({mode: 'setup', currency: 'gbp'})", "no 'setup'"),
        ("stripe.elements({mode: 'payment', amount: 1.5, currency: 'gbp'})", "minor units"),
        ("stripe.elements({mode: 'payment', amount: 100, currency: 'GBP'})", "lower-case"),
        ("stripe.elements({clientSecret: given[0], paymentMethodTypes: ['card']})", "allowedPaymentMethodTypes"),
        ("stripe.elements().create('payment')", "needs a clientSecret"),
        ("stripe.elements({clientSecret: given[0]}).create('card')", "Payment Element only"),
        ("elements.create('payment')", "already"),
        ("stripe.elements({clientSecret: given[0]}).create('payment').mount('#nowhere')", "no node '#nowhere'"),
        ("stripe.elements({clientSecret: given[0]}).submit()", "create and mount"),
        ("element.on('changed', () => {})", "no event"),
        ("stripe.confirmPayment({elements})", "return_url"),
        ("stripe.confirmPayment({elements: {}, redirect: 'if_required'})", "stripe.elements() returned"),
        ("stripe.createToken(element)", "no tokens"),
        ("stripe.createPaymentMethod({elements})", "while it confirms"),
    ],
)
def test_a_mistake_is_named(checkout: Checkout, intent: Any, expression: str, reason: str) -> None:
    checkout.open(intent)
    answer = call(checkout, expression, intent.client_secret)
    assert answer.startswith("IntegrationError: ")
    assert reason in answer


def test_an_intent_is_retrieved_with_its_secret_alone(checkout: Checkout, intent: Any) -> None:
    checkout.open(intent)
    read = "stripe.retrievePaymentIntent(given[0])"
    assert call(checkout, read, intent.client_secret)["paymentIntent"]["id"] == intent.id
    assert call(checkout, read, intent.client_secret + "x")["error"]["type"] == "invalid_request_error"
    assert call(checkout, "elements.fetchUpdates()") == {}


def test_a_payment_method_that_is_known_is_confirmed_without_a_form(checkout: Checkout, intent: Any) -> None:
    checkout.open(intent)
    confirm = "stripe.confirmCardPayment(given[0], {payment_method: given[1]})"
    declined = call(checkout, confirm, intent.client_secret, "pm_card_chargeDeclined")
    assert declined["error"]["code"] == "card_declined"
    paid = call(checkout, confirm, intent.client_secret, "pm_card_visa")
    assert paid["paymentIntent"]["status"] == "succeeded"


def test_the_element_comes_and_goes(checkout: Checkout, intent: Any) -> None:
    checkout.open(intent)
    call(checkout, "(element.unmount(), null)")
    expect(checkout.page.locator("#payment-element iframe")).to_have_count(0)
    assert "not mounted" in call(checkout, "elements.submit()")
    call(checkout, "(element.mount(document.querySelector('#payment-element')), null)")
    checkout.type(PAID)
    expect(checkout.page.locator("#payment-element")).to_have_class(
        "StripeElement StripeElement--focus StripeElement--complete"
    )
    call(checkout, "(element.destroy(), null)")
    assert call(checkout, "elements.getElement('payment')") is None
    assert "destroyed" in call(checkout, "element.mount('#payment-element')")
    assert call(checkout, "elements.create('payment') === elements.getElement('payment')") is True


def test_the_form_changes_its_looks_and_options(checkout: Checkout, intent: Any) -> None:
    checkout.open(intent)
    number = checkout.form.get_by_label("Card number")
    call(checkout, "elements.update({appearance: {theme: 'night', variables: {colorText: 'rgb(1, 2, 3)'}}})")
    expect(number).to_have_css("background-color", "rgb(48, 49, 61)")
    expect(number).to_have_css("color", "rgb(1, 2, 3)")
    options = "{readOnly: true, fields: {billingDetails: {address: {postalCode: 'never'}}}}"
    call(checkout, f"(element.update({options}), null)")
    expect(number).to_be_disabled()
    expect(checkout.form.get_by_label("Postal code")).to_be_hidden()


@pytest.mark.parametrize("width", [320, 1280])
def test_the_form_fits_its_page(checkout: Checkout, intent: Any, width: int) -> None:
    checkout.page.set_viewport_size({"width": width, "height": 700})
    checkout.open(intent)
    root = checkout.form.locator("html")
    assert root.evaluate("node => [node.scrollWidth - node.clientWidth, node.scrollHeight - node.clientHeight]") == [
        0,
        0,
    ]
    assert checkout.page.evaluate("document.documentElement.scrollWidth") == width


def test_a_lost_answer_is_a_connection_error_and_the_payment_stands(
    checkout: Checkout, sandbox: Running, client: Any, intent: Any
) -> None:
    checkout.open(intent, redirect="if_required")
    sandbox.fault("reset_after", path="/confirm$", times=20)
    assert checkout.pay(PAID)["error"]["type"] == "api_connection_error"
    assert status(client, intent) == "succeeded"


def test_a_browser_that_asks_again_by_itself_does_not_confirm_twice(
    checkout: Checkout, sandbox: Running, client: Any, intent: Any
) -> None:
    checkout.open(intent, redirect="if_required")
    sandbox.fault("reset_after", path="/confirm$")
    # Chromium repeats what it sent over a connection that it had kept; where it does not, the answer stays lost.
    said = checkout.pay(PAID)
    assert said.get("error", {}).get("type") in (None, "api_connection_error")
    assert status(client, intent) == "succeeded"


@pytest.mark.parametrize(("fault", "kind"), [("garbage", "api_error"), ("status_before", "api_error")])
def test_an_answer_that_makes_no_sense_is_an_api_error(
    checkout: Checkout, sandbox: Running, intent: Any, fault: str, kind: str
) -> None:
    checkout.open(intent, redirect="if_required")
    sandbox.fault(fault, path="/confirm$")
    assert checkout.pay(PAID)["error"]["type"] == kind


@pytest.mark.parametrize(("button", "outcome"), [("Complete", "succeeded"), ("Fail", "failed")])
def test_a_confirmation_of_the_server_leads_through_a_page(
    checkout: Checkout, client: Any, intent: Any, button: str, outcome: str
) -> None:
    checkout.open(intent)
    asked(client, intent, f"{checkout.base}/done?order=7")
    checkout.page.evaluate("(secret) => void stripe.handleNextAction({clientSecret: secret})", intent.client_secret)
    expect(checkout.page.get_by_text("15.00 GBP")).to_be_visible()
    checkout.page.get_by_role("button", name=button).click()
    check_returned(checkout, intent, outcome)
    assert status(client, intent) == ("succeeded" if outcome == "succeeded" else "requires_payment_method")


def test_there_is_nothing_to_do_for_an_intent_that_waits_for_nobody(checkout: Checkout, intent: Any) -> None:
    checkout.open(intent)
    answer = call(checkout, "stripe.handleNextAction({clientSecret: given[0]})", intent.client_secret)
    assert "requires_payment_method" in answer["error"]["message"]


def test_the_question_is_only_for_who_has_the_secret(sandbox: Running, client: Any, intent: Any) -> None:
    url = asked(client, intent, "https://shop.example/done").next_action.redirect_to_url.url
    assert requests.get(url, timeout=5).status_code == 200
    assert requests.get(url + "x", timeout=5).status_code == 404
    page = url.partition("?")[0]
    for form in ({"ok": "true"}, {"ok": "true", "client_secret": "nonsense"}, {"ok": "true", "client_secret": "é"}):
        assert requests.post(page, data=form, timeout=5).status_code == 404
    assert status(client, intent) == "requires_action"


def test_whoever_answers_twice_is_led_back_all_the_same(client: Any, intent: Any) -> None:
    page = asked(client, intent, "https://shop.example/done#top").next_action.redirect_to_url.url.partition("?")[0]
    form = {"ok": "true", "client_secret": intent.client_secret}
    first = requests.post(page, data=form, allow_redirects=False, timeout=5)
    assert first.status_code == 303
    assert first.headers["Location"].startswith(f"https://shop.example/done?payment_intent={intent.id}&")
    assert first.headers["Location"].endswith("&redirect_status=succeeded#top")
    again = requests.post(page, data=form, allow_redirects=False, timeout=5)
    assert again.status_code == 409


@pytest.mark.parametrize("name", ["stripe.js", "endive/stripe.js", "stripe_js/payment.html", "stripe_js/look.css"])
def test_files_are_served_to_pages_of_any_origin(sandbox: Running, name: str) -> None:
    answer = requests.get(f"{sandbox.url}/{name}", headers={"Origin": "https://shop.example"}, timeout=5)
    assert answer.status_code == 200
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("name", ["stripe_js/routes.py", "stripe_js/..%2froutes.py", "stripe_js/nothing.js"])
def test_no_other_file_is_served(sandbox: Running, name: str) -> None:
    assert requests.get(f"{sandbox.url}/{name}", timeout=5).status_code == 404
