"""Paying by card, and what can come of it."""

import re

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from booking.models import Booking, ClassSession
from members.models import Member
from tests.cast import Sandbox, age, session
from tests.races.server import Server
from tests.web.paying import held, intent, opens
from tests.web.visitor import ASKS, DECLINED, GOOD, SLOW, Visit


@pytest.fixture
def yoga(sandbox: Sandbox) -> ClassSession:
    return session(capacity=1)


def test_a_declined_card_gives_the_seat_back_and_it_can_be_booked_again(
    visit: Visit, ana: Member, yoga: ClassSession
) -> None:
    page = opens(visit, ana, yoga)
    page.shows("pay-form")
    page.refusals = {402}
    page.pays_with(DECLINED)
    page.sees("The payment failed, and the seat went back. Nothing was charged.")
    page.shows("pay-declined")
    page.follows("Book again")
    page.presses(re.compile("^Book for £15"))
    page.pays_with(GOOD)
    page.sees("You are in!")
    assert sorted(Booking.objects.values_list("status", flat=True)) == ["freed", "paid"]


def test_where_the_hold_stands_another_card_pays(
    visit: Visit, patient: Server, ana: Member, yoga: ClassSession
) -> None:
    page = opens(visit, ana, yoga, at=patient)
    page.refusals = {402}
    page.pays_with(DECLINED)
    page.sees("Your card was declined.")
    page.shows("pay-another-card")
    page.card().get_by_label("Card number").fill(GOOD)
    page.presses(re.compile("^Pay "))
    page.sees("You are in!")
    assert held().status == "paid"


@pytest.mark.parametrize(
    ("answer", "told"), [("Complete", "You are in!"), ("Fail", "The payment failed, and the seat")]
)
def test_the_bank_asks_the_payer_first(visit: Visit, ana: Member, yoga: ClassSession, answer: str, told: str) -> None:
    page = opens(visit, ana, yoga)
    page.refusals = {402}
    page.pays_with(ASKS)
    expect(page.is_asked().get_by_role("button", name=re.compile(answer))).to_be_visible()
    page.shows("pay-asked")
    page.is_asked().get_by_role("button", name=re.compile(answer)).click()
    page.sees(told)


@pytest.mark.parametrize(("ok", "told"), [(True, "You are in!"), (False, "The payment failed, and the seat went back")])
def test_a_bank_that_takes_its_time_is_waited_for(
    visit: Visit, ana: Member, yoga: ClassSession, sandbox: Sandbox, ok: bool, told: str
) -> None:
    page = opens(visit, ana, yoga)
    page.pays_with(SLOW)
    page.sees("Your bank is still working on it.")
    page.shows("pay-processing")
    sandbox.control("POST", f"payment_intents/{intent()}/settle", ok=ok)
    page.sees(told)


@pytest.mark.parametrize(("outcome", "told"), [("succeeded", "You are in!"), ("failed", "Try another card.")])
def test_who_was_sent_elsewhere_to_pay_comes_back(
    visit: Visit, ana: Member, yoga: ClassSession, sandbox: Sandbox, outcome: str, told: str
) -> None:
    page = opens(visit, ana, yoga)
    if outcome == "succeeded":
        sandbox.pays(intent())
    secret = f"{intent()}_secret_x"
    back = f"?payment_intent=x&payment_intent_client_secret={secret}&redirect_status={outcome}"
    page.page.goto(f"{page.base}/{back}#/pay/{held().reference}")
    page.sees(told)
    page.shows(f"pay-back-{outcome}")
    assert page.page.url == f"{page.base}/#/pay/{held().reference}"


def test_when_the_news_of_a_payment_is_lost_the_studio_asks_stripe(
    visit: Visit, ana: Member, yoga: ClassSession, sandbox: Sandbox
) -> None:
    page = opens(visit, ana, yoga)
    sandbox.control("POST", "configure", webhook_url=None)
    page.pays_with(GOOD)
    page.sees("Paid. Your booking is being confirmed")
    page.shows("pay-confirming")
    page.sees("You are in!")
    assert held().transitions.filter(to_status="paid", by="member").exists()


def test_a_hold_that_runs_out_ends_the_form(visit: Visit, ana: Member, yoga: ClassSession) -> None:
    page = opens(visit, ana, yoga)
    age(held().reference, 31)
    call_command("expire_pending_bookings")
    page.sees("Your hold has run out, and the seat went back.")
    page.shows("pay-expired")


def test_the_countdown_goes_by_the_studios_clock(visit: Visit, ana: Member, yoga: ClassSession) -> None:
    page = visit(ana)
    page.page.clock.install(time="2020-01-01T08:00:00Z")
    page.page.reload()
    page.goes(f"/session/{yoga.pk}")
    page.presses(re.compile("^Book for £15"))
    page.sees(re.compile(r"Your seat is held for (29:5\d|30:00)"))


def test_a_seat_is_given_back_with_a_button(visit: Visit, ana: Member, yoga: ClassSession) -> None:
    page = opens(visit, ana, yoga)
    page.presses("Give the seat back")
    page.sees("This seat was given back. Nothing was charged.")
    assert held().ended_reason == "member"


def test_a_session_that_fills_meanwhile_leads_to_the_waitlist(
    visit: Visit, ana: Member, ben: Member, yoga: ClassSession
) -> None:
    page = visit(ana, f"/session/{yoga.pk}")
    page.sees("1 seat left")
    opens(visit, ben, yoga)
    page.refusals = {409}
    page.presses(re.compile("^Book for £15"))
    page.sees("All seats are taken.")
    page.shows("session-full")
    page.presses("Join the waitlist")
    page.sees("You are number 1 in line.")
    page.shows("session-waiting")


def test_the_page_can_be_loaded_again_in_the_middle(visit: Visit, ana: Member, yoga: ClassSession) -> None:
    page = opens(visit, ana, yoga)
    page.page.reload()
    page.pays_with(GOOD)
    page.sees("You are in!")
    held_now = page.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.body.innerHTML, location.href])"
    )
    assert "_secret_" not in held_now
    page.page.reload()
    page.sees("You are in!")
    assert Booking.objects.count() == 1


def test_a_strangers_payment_is_not_there(visit: Visit, ana: Member, ben: Member, yoga: ClassSession) -> None:
    opens(visit, ben, yoga)
    page = visit(ana)
    page.refusals = {404}
    page.goes(f"/pay/{held().reference}")
    page.sees("Nothing here")
