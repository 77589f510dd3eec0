"""A payment that ends elsewhere or late: in another window, at the bank, by the studio."""

import re

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from booking.models import Booking, ClassSession
from members.models import Member
from tests.cast import Caller, Sandbox, session
from tests.races.server import Server
from tests.web.paying import held, intent, opens
from tests.web.visitor import DECLINED, GOOD, SLOW, Visit


@pytest.fixture
def yoga(sandbox: Sandbox) -> ClassSession:
    return session(capacity=1)


def test_a_bank_that_declines_late_leads_back_to_the_form_where_the_hold_stands(
    visit: Visit, patient: Server, ana: Member, yoga: ClassSession, sandbox: Sandbox
) -> None:
    page = opens(visit, ana, yoga, at=patient)
    page.page.clock.install()
    page.pays_with(SLOW)
    page.sees("Your bank is still working on it.")
    page.page.clock.run_for(2000)
    expect(page.page.get_by_text("Your seat is held for")).to_have_count(0)
    sandbox.control("POST", f"payment_intents/{intent()}/settle", ok=False)
    page.page.clock.run_for(5000)
    page.sees("The payment failed. Try another card.")
    page.sees("Your seat is held for")
    page.shows("pay-declined-late")
    page.pays_with(GOOD)
    page.sees("You are in!")
    assert held().status == "paid"


def test_loaded_again_while_the_bank_works_the_page_still_has_the_studio_ask(
    visit: Visit, ana: Member, yoga: ClassSession, sandbox: Sandbox
) -> None:
    page = opens(visit, ana, yoga)
    sandbox.control("POST", "configure", webhook_url=None)
    page.pays_with(SLOW)
    page.sees("Your bank is still working on it.")
    page.page.reload()
    page.sees("Your bank is still working on it.")
    expect(page.page.get_by_role("button", name="Give the seat back")).to_have_count(0)
    sandbox.control("POST", f"payment_intents/{intent()}/settle", ok=True)
    page.sees("You are in!")


def test_while_neither_bank_nor_stripe_answers_the_page_says_so_and_keeps_waiting(
    visit: Visit, ana: Member, yoga: ClassSession, sandbox: Sandbox
) -> None:
    page = opens(visit, ana, yoga)
    page.page.clock.install()
    page.pays_with(SLOW)
    page.sees("Your bank is still working on it.")
    sandbox.fault("status_before", "/v1/payment_intents/", "GET", status=503, times=100)
    page.refusals = {503}
    page.page.clock.fast_forward(41_000)
    page.sees("Still waiting for the bank.")
    page.shows("pay-later")
    sandbox.clear_faults()
    sandbox.control("POST", f"payment_intents/{intent()}/settle", ok=True)
    page.sees("You are in!")


def test_each_decline_is_told_once(visit: Visit, patient: Server, ana: Member, yoga: ClassSession) -> None:
    page = opens(visit, ana, yoga, at=patient)
    page.refusals = {402}
    page.pays_with(DECLINED)
    page.sees("Your card was declined.")
    with page.page.expect_response(re.compile("/confirm$")):
        page.pays_with(DECLINED)
    page.sees("Your card was declined.")
    expect(page.page.get_by_text("Your card was declined.")).to_have_count(1)


def test_the_end_is_told_once_and_the_keyboard_stays_where_it_went(
    visit: Visit, ana: Member, yoga: ClassSession
) -> None:
    page = opens(visit, ana, yoga)
    page.page.clock.install()
    page.refusals = {402}
    page.pays_with(DECLINED)
    page.sees("The payment failed, and the seat went back.")
    again = page.page.get_by_role("link", name="Book again")
    again.focus()
    page.page.clock.run_for(10_000)
    expect(again).to_be_focused()


def test_paid_in_one_window_every_other_window_shows_it(visit: Visit, ana: Member, yoga: ClassSession) -> None:
    idle = opens(visit, ana, yoga)
    page = visit(ana, f"/pay/{held().reference}")
    page.pays_with(GOOD)
    page.sees("You are in!")
    idle.sees("You are in!")
    assert Booking.objects.count() == 1


def test_a_payment_that_another_window_has_made_is_not_made_twice(
    visit: Visit, ana: Member, yoga: ClassSession, sandbox: Sandbox
) -> None:
    page = opens(visit, ana, yoga)
    page.page.route("**/bookings/*/", lambda route: route.abort("aborted"))  # it does not hear of it by itself
    sandbox.control("POST", "configure", webhook_url=None)
    sandbox.pays(intent())
    page.refusals = {400}
    page.pays_with(GOOD)
    page.sees("Paid. Your booking is being confirmed")
    page.sees("You are in!")
    assert len(sandbox.every("charges")) == 1


def test_a_return_that_says_paid_is_no_proof(visit: Visit, ana: Member, yoga: ClassSession) -> None:
    opens(visit, ana, yoga)
    page = visit(ana)
    page.page.clock.install()
    page.page.goto(f"{page.base}/?payment_intent=x&redirect_status=succeeded#/pay/{held().reference}")
    page.sees("Paid. Your booking is being confirmed")
    page.page.clock.run_for(5000)
    page.sees("Try another card.")
    page.pays_with(GOOD)
    page.sees("You are in!")


def test_a_return_forgets_the_secret_before_anything_is_shown(visit: Visit, ana: Member, yoga: ClassSession) -> None:
    opens(visit, ana, yoga)
    page = visit(ana)
    page.page.add_init_script("addEventListener('DOMContentLoaded', () => (window.began = location.href))")
    sent: list[str] = []
    page.page.on("request", lambda request: sent.append(request.url))
    secret = "payment_intent_client_secret=pi_1_secret_x"
    page.page.goto(f"{page.base}/?payment_intent=pi_1&{secret}&redirect_status=pending#/pay/{held().reference}")
    page.sees("Your bank is still working on it.")
    assert page.page.evaluate("window.began") == f"{page.base}/#/pay/{held().reference}"
    assert sum("secret" in one for one in sent) == 1  # the one that Stripe led to


def test_a_class_called_off_while_its_form_is_open_is_not_offered_again(
    visit: Visit, ana: Member, as_carla: Caller, yoga: ClassSession
) -> None:
    page = opens(visit, ana, yoga)
    answer = as_carla.post(f"/api/booking/sessions/{yoga.pk}/cancel/")
    assert answer.status_code == 200, answer.content
    page.sees("The studio has called this class off.")
    page.shows("pay-called-off")
    expect(page.page.get_by_role("link", name="Book again")).to_have_count(0)
    call_command("expire_pending_bookings")
    assert held().ended_reason == "session_cancelled"
