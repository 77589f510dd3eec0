"""The console in a browser: each panel, by the names a person or a screen reader knows its parts by."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from sandbox import environment
from tests.sandbox.conftest import ACCOUNT, Receiver, Running, eventually

HOSTILE = """<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>"""
PHONE = "+447700900123"


@pytest.fixture
def console(page: Page, sandbox: Running) -> Iterator[Page]:
    """The open console; what the browser complains about fails the test, refusals that were asked for aside."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        asked_for = "/_sandbox/" in message.location["url"] and re.search(
            r"status of 4(00|02|09)|INTERNET_DISCONNECTED", message.text
        )
        if message.type in ("error", "warning") and not asked_for:
            complaints.append(message.text)

    page.on("console", note)
    page.set_default_timeout(10_000)
    expect.set_options(timeout=10_000)
    page.goto(sandbox.url)
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    yield page
    assert complaints == []


def panel(console: Page, name: str) -> Locator:
    return console.get_by_role("region", name=name, exact=True)


def press(where: Page | Locator, name: str) -> None:
    where.get_by_role("button", name=name, exact=True).click()


def create(client: stripe.StripeClient, **more: Any) -> stripe.PaymentIntent:
    wanted = {"amount": 1500, "currency": "gbp", "allowed_payment_method_types": ["card"], **more}
    return client.v1.payment_intents.create(wanted)


def message(sandbox: Running, **form: str) -> None:
    whole = {"To": f"whatsapp:{PHONE}", "From": "whatsapp:+14155238886", **form}
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert sandbox.raw("POST", path, data=whole, auth=(ACCOUNT, "token")).status_code == 201


def test_a_payment_appears_is_paid_and_refunded_in_parts(console: Page, client: stripe.StripeClient) -> None:
    payments = panel(console, "Payments")
    expect(payments.get_by_text("No payment yet.")).to_be_visible()
    intent = create(client, description="Yoga on Monday", metadata={"booking_id": "7KQ2"})
    row = payments.get_by_role("list", name="Payment intents, newest first").get_by_role("button")
    expect(row).to_contain_text("£15.00")
    expect(row).to_contain_text("requires payment method")
    detail = payments.get_by_role("article", name=f"Payment {intent.id}")
    expect(detail).to_contain_text("7KQ2")

    press(detail, "Pay with Visa ··4242")
    expect(console.get_by_role("status").filter(has_text="Paid.")).to_be_visible()
    expect(row).to_contain_text("succeeded")
    expect(detail).to_be_focused()  # the button that had the focus is gone
    detail.get_by_label("part to refund").fill("4.50")
    press(detail, "Refund part")
    expect(detail.get_by_role("list", name="Charges, refunds and disputes")).to_contain_text("£4.50")
    press(detail, "Fails after all")
    expect(detail.get_by_role("list", name="Charges, refunds and disputes")).to_contain_text("failed")
    press(detail, "Refund £15.00")
    expect(detail.get_by_text("Everything has been returned.")).to_be_visible()


def test_every_state_has_its_own_buttons(console: Page, client: stripe.StripeClient) -> None:
    detail = panel(console, "Payments").get_by_role("article")
    create(client)
    press(detail, "Declined")
    expect(detail.get_by_text("generic decline Your card was declined.")).to_be_visible()
    press(detail, "Card that asks for 3-D Secure")
    press(detail, "Fail")
    expect(detail.get_by_text("payment intent authentication failure").first).to_be_visible()
    press(detail, "Card that asks for 3-D Secure")
    press(detail, "Complete")
    press(detail, "fraudulent")
    expect(detail.get_by_text("Not now: the bank has taken the money back")).to_be_visible()
    press(detail, "Lost")
    expect(detail.get_by_role("button", name="Won", exact=True)).to_have_count(0)

    slow = create(client)
    detail = panel(console, "Payments").get_by_role("article", name=f"Payment {slow.id}")
    panel(console, "Payments").get_by_role("button", name=re.compile("requires payment method")).click()
    press(detail, "Bank that takes its time")
    expect(detail.get_by_role("button", name=re.compile("Cancel"))).to_have_count(0)
    press(detail, "Settle: refused")
    detail.get_by_label("Another test card").select_option("Refund stays pending")
    press(detail, "Try this card")
    press(detail, "Refund £15.00")
    press(detail, "Succeeds")
    expect(detail.get_by_text("Everything has been returned.")).to_be_visible()

    ended = create(client)
    detail = panel(console, "Payments").get_by_role("article", name=f"Payment {ended.id}")
    panel(console, "Payments").get_by_role("button", name=re.compile("requires payment method")).click()
    press(detail, "Cancel it")
    expect(detail.get_by_text("nobody can pay this any more")).to_be_visible()
    expect(detail.get_by_role("button")).to_have_count(0)


def test_webhooks_are_held_lost_released_and_delivered_altered(
    console: Page, client: stripe.StripeClient, receiver: Receiver
) -> None:
    webhooks = panel(console, "Webhooks")
    press(webhooks, "Hold all webhooks")
    expect(webhooks.get_by_role("button", name="Hold all webhooks")).to_have_attribute("aria-pressed", "true")
    create(client)
    create(client)
    press(webhooks, "Release 2")
    expect(webhooks.get_by_role("button", name="Hold all webhooks")).to_have_attribute("aria-pressed", "false")
    eventually(lambda: len(receiver.received) == 2)

    press(webhooks, "Lose the next webhook")
    expect(console.get_by_role("status").filter(has_text="will be lost")).to_be_visible()
    create(client)
    webhooks.get_by_role("button", name=re.compile("dropped")).click()
    expect(webhooks.get_by_text("the program never saw it")).to_be_visible()
    press(webhooks, "Deliver again")
    expect(webhooks.get_by_text("the program answered 200")).to_be_visible()
    press(webhooks, "Deliver twice")
    eventually(lambda: len(receiver.received) == 5)
    for look in ("Forged", "Stale", "Other mode", "Other version", "Other amount", "Thin"):
        press(webhooks, look)
        expect(webhooks.get_by_role("list", name="Deliveries")).to_contain_text(f"as {look.lower()}")
    assert len(receiver.received) == 11


def test_a_phone_shows_messages_and_answers(console: Page, sandbox: Running, receiver: Receiver) -> None:
    sandbox.post("configure", {"inbound_url": f"{receiver.url}/inbound/"})
    variables = '{"1": "Ana", "2": "Yoga", "3": "noon", "4": "R7"}'
    message(sandbox, ContentSid=environment.CONTENT_SIDS["booking_paid"], ContentVariables=variables)
    message(sandbox, Body="nobody asked", To="whatsapp:+447700900124")
    phone = panel(console, "Phone")
    press(phone, PHONE)
    thread = phone.get_by_role("list", name="Messages, oldest first")
    expect(thread).to_contain_text("booking paid")
    expect(thread).to_contain_text("Yoga")
    expect(thread.get_by_role("img", name="read")).to_be_visible()
    phone.get_by_label(f"Answer as {PHONE}").fill("YES")
    phone.get_by_label(f"Answer as {PHONE}").press("Enter")
    expect(thread.get_by_text("YES", exact=True)).to_be_visible()
    eventually(lambda: [path for path, _, body in receiver.received if path == "/inbound/" and "Body=YES" in body])
    press(phone, "+447700900124")
    expect(thread.get_by_text("failed, error 63016")).to_be_visible()


def test_faults_are_scripted_shown_and_cleared(console: Page, sandbox: Running) -> None:
    network = panel(console, "Network")
    for label in ("Stripe does not answer the next create", "Error 500 after the next create",
                  "Connection lost after the next create", "Slow Stripe: 3 s", "Twilio is down"):  # fmt: skip
        press(network, label)
    waiting = network.get_by_role("list", name="Faults that wait").get_by_role("listitem")
    expect(waiting).to_have_count(5)
    press(network, "Clear all faults")
    expect(network.get_by_text("Nothing goes wrong at the moment.")).to_be_visible()
    network.get_by_text("Another fault").click()
    network.get_by_role("combobox", name="Kind").select_option("status before")
    network.get_by_role("textbox", name="Path").fill("^/v1/refunds")
    network.get_by_role("spinbutton", name="Status").fill("429")
    network.get_by_role("spinbutton", name="Times").fill("3")
    network.get_by_role("spinbutton", name="Probability").fill("50")
    press(network, "Add this fault")
    expect(waiting).to_contain_text("50 %")
    [fault] = sandbox.get("faults")["faults"]
    assert (fault["status"], fault["times"], fault["probability"], fault["path"]) == (429, 3, 0.5, "^/v1/refunds")
    network.get_by_role("combobox", name="Kind").select_option("webhook dropped")
    network.get_by_role("textbox", name="Event type").fill("payment_intent.*")
    press(network, "Add this fault")
    expect(waiting).to_have_count(2)


def test_the_clock_moves_and_is_set_right(console: Page, sandbox: Running) -> None:
    clock = console.get_by_role("group", name="The sandbox’s clock")
    press(clock, "+30 min")
    expect(clock.get_by_text("30 min ahead")).to_be_visible()
    press(clock, "+24 h")
    expect(clock.get_by_text("1 day 30 min ahead")).to_be_visible()
    press(clock, "Set right")
    expect(clock.get_by_text("the machine’s time")).to_be_visible()
    assert sandbox.get("clock")["moved"] == 0


def test_the_journal_is_filtered(console: Page, client: stripe.StripeClient) -> None:
    create(client, metadata={"booking_id": "7KQ2"})
    client.v1.payment_intents.list()
    journal = panel(console, "Journal")
    rows = journal.locator("tbody").get_by_role("row")
    expect(rows).to_have_count(2)
    journal.get_by_label("only what changes something").check()
    expect(rows).to_have_count(1)
    rows.get_by_text("/v1/payment_intents").click()
    expect(rows).to_contain_text("7KQ2")
    journal.get_by_label("Filter the requests").fill("refunds")
    expect(journal.get_by_text("No request matches.")).to_be_visible()


def test_a_reset_is_asked_about_first(console: Page, client: stripe.StripeClient) -> None:
    create(client)
    article = panel(console, "Payments").get_by_role("article")
    press(console, "Reset everything")
    press(console.get_by_role("dialog", name="Reset everything?"), "Keep everything")
    expect(article).to_be_visible()
    press(console, "Reset everything")
    press(console.get_by_role("dialog", name="Reset everything?"), "Reset")
    expect(panel(console, "Payments").get_by_text("No payment yet.")).to_be_visible()


def test_hostile_text_stays_text(console: Page, sandbox: Running, client: stripe.StripeClient) -> None:
    create(client, description=HOSTILE, metadata={"<b>name</b>": HOSTILE})
    message(sandbox, Body=HOSTILE)
    detail = panel(console, "Payments").get_by_role("article")
    expect(detail.get_by_text(HOSTILE).first).to_be_visible()
    expect(panel(console, "Phone").get_by_text(HOSTILE)).to_be_visible()
    expect(console).to_have_title("Sandbox console")
    assert console.locator("main img, main script").count() == 0


def test_what_is_typed_chosen_and_focused_survives_what_arrives(console: Page, client: stripe.StripeClient) -> None:
    first = create(client, description="the first")
    detail = panel(console, "Payments").get_by_role("article")
    press(detail, "Pay with Visa ··4242")
    part = detail.get_by_label("part to refund")
    part.fill("3")
    panel(console, "Payments").get_by_role("button", name=re.compile("the first")).press("Enter")
    part.focus()
    create(client, description="the second")
    expect(panel(console, "Payments").get_by_role("button", name=re.compile("the second"))).to_be_visible()
    expect(panel(console, "Payments").get_by_role("article", name=f"Payment {first.id}")).to_be_visible()
    expect(part).to_be_focused()
    expect(part).to_have_value("3")


@pytest.mark.parametrize("width", [320, 390, 820, 1440])
def test_nothing_sticks_out(console: Page, client: stripe.StripeClient, width: int) -> None:
    create(client, description="Yoga" * 40, metadata={"a" * 40: "b" * 200})
    console.set_viewport_size({"width": width, "height": 800})
    expect(panel(console, "Payments").get_by_role("article")).to_be_visible()
    document = "document.documentElement"
    assert console.evaluate(f"{document}.scrollWidth <= {document}.clientWidth")


def test_a_page_of_another_site_learns_and_moves_nothing(page: Page, sandbox: Running) -> None:
    page.route("http://shop.example/", lambda route: route.fulfill(body="<h1>shop</h1>", content_type="text/html"))
    page.goto("http://shop.example/")
    reach = """async ([url, method]) => fetch(url, {method, body: method === 'POST' ? '{}' : undefined})
        .then((answer) => answer.text(), () => 'refused')"""
    for path, method in (("/_sandbox/state", "GET"), ("/_sandbox/reset", "POST")):
        assert page.evaluate(reach, [sandbox.url + path, method]) == "refused"
    frame = "(url) => new Promise((done) => { const f = document.createElement('iframe'); f.src = url; \
        f.onload = () => done(f.contentDocument === null); document.body.append(f); })"
    assert page.evaluate(frame, sandbox.url)


def test_it_says_when_the_sandbox_is_gone(console: Page) -> None:
    console.context.set_offline(True)
    expect(console.get_by_text("the sandbox does not answer")).to_be_visible()
    console.context.set_offline(False)
    expect(console.get_by_text("live", exact=True)).to_be_visible()
