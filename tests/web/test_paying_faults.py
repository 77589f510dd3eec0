"""What goes wrong between the page, the studio and Stripe, and how it ends well."""

import re

import pytest
from playwright.sync_api import Route, expect

from booking.models import Booking, ClassSession
from members.models import Member
from payments.models import Payment
from tests.cast import Sandbox, give_credits, session
from tests.races.server import Server
from tests.web.visitor import GOOD, Visit

ASKED = 2  # times that Stripe is asked by one request, when it answers with a failure of its own


@pytest.fixture
def yoga(sandbox: Sandbox) -> ClassSession:
    return session(capacity=3)


def test_while_stripe_is_silent_the_hold_stands_and_the_page_goes_on_by_itself(
    visit: Visit, ana: Member, yoga: ClassSession, sandbox: Sandbox
) -> None:
    page = visit(ana, f"/session/{yoga.pk}")
    page.page.clock.install()
    sandbox.fault("status_before", "/v1/payment_intents$", status=503, times=2 * ASKED)
    page.refusals = {503}
    page.presses(re.compile("^Book for £15"))
    page.sees("The payment provider does not answer. What you hold stays yours")
    page.sees("Your seat is held for")
    page.shows("pay-unavailable")
    page.page.clock.fast_forward(5000)
    page.pays_with(GOOD)
    page.sees("You are in!")
    assert (Booking.objects.count(), Payment.objects.count(), sandbox.creates()) == (1, 1, 2 * ASKED + 1)
    assert len(sandbox.intents()) == 1


def test_while_stripe_is_silent_it_can_be_asked_again_with_a_button(
    visit: Visit, ana: Member, yoga: ClassSession, sandbox: Sandbox
) -> None:
    page = visit(ana, f"/session/{yoga.pk}")
    sandbox.fault("status_before", "/v1/payment_intents$", status=503, times=3 * ASKED)
    page.refusals = {503}
    page.presses(re.compile("^Book for £15"))
    page.sees("The payment provider does not answer.")
    with page.page.expect_response(re.compile("/book/$")):
        page.presses("Try again")
    page.sees("The payment provider does not answer.")
    page.presses("Try again")
    expect(page.card().get_by_label("Card number")).to_be_visible()
    expect(page.page.get_by_text("The payment provider does not answer.")).to_have_count(0)
    assert (Booking.objects.count(), len(sandbox.intents())) == (1, 1)


def test_a_lost_answer_is_asked_for_again_under_the_same_key(visit: Visit, ana: Member, yoga: ClassSession) -> None:
    page = visit(ana, f"/session/{yoga.pk}")
    keys = []

    def lose(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()  # the studio does it, and nobody hears of it
            route.abort("connectionreset")
        else:
            route.continue_()

    page.page.route("**/book/", lose)
    page.presses(re.compile("^Book for £15"))
    expect(page.card().get_by_label("Card number")).to_be_visible()
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert (Booking.objects.count(), Payment.objects.count()) == (1, 1)
    page.complaints = [one for one in page.complaints if "/book/" not in one]


def test_a_card_form_that_does_not_load_can_be_tried_again(visit: Visit, ana: Member, yoga: ClassSession) -> None:
    page = visit(ana, f"/session/{yoga.pk}")
    page.page.route("**/stripe.js", lambda route: route.abort())
    page.presses(re.compile("^Book for £15"))
    page.sees("The card form could not be loaded. Nothing is lost: try again.")
    page.shows("pay-no-script")
    page.page.unroute("**/stripe.js")
    page.complaints = [one for one in page.complaints if "stripe.js" not in one]
    page.presses("Try again")
    expect(page.card().get_by_label("Card number")).to_be_visible()
    expect(page.page.get_by_text("could not be loaded")).to_have_count(0)
    page.pays_with(GOOD)
    page.sees("You are in!")


def test_a_seat_given_back_while_the_form_loads_stays_given_back(visit: Visit, ana: Member, yoga: ClassSession) -> None:
    page = visit(ana, f"/session/{yoga.pk}")
    waiting: list[Route] = []
    page.page.route("**/stripe.js", lambda route: waiting.append(route))
    page.presses(re.compile("^Book for £15"))
    page.sees("Your seat is held for")
    page.presses("Give the seat back")
    page.sees("This seat was given back. Nothing was charged.")
    page.shows("pay-given-back")
    with page.page.expect_event("requestfailed"):
        waiting[0].abort()
    page.complaints = [one for one in page.complaints if "stripe.js" not in one]
    page.looks_again()
    expect(page.page.get_by_role("button", name="Try again")).to_have_count(0)
    page.sees("This seat was given back. Nothing was charged.")


def test_without_cards_credits_book_and_the_desk_is_named(
    visit: Visit, cardless: Server, ana: Member, ben: Member, yoga: ClassSession
) -> None:
    give_credits(ana, 1)
    poor = visit(ben, f"/session/{yoga.pk}", at=cardless)
    poor.sees("Cards cannot be taken here at the moment. Use credits, or ask at the desk.")
    poor.shows("session-no-cards")
    page = visit(ana, f"/session/{yoga.pk}", at=cardless)
    expect(page.page.locator("#demo")).to_be_hidden()
    page.presses(re.compile("^Book for 1 credit"))
    page.sees("You are in")
    free = session(amount=0, credits_required=0, title="Open day")
    poor.goes(f"/session/{free.pk}")
    poor.presses(re.compile("^Book"))
    poor.sees("You are in")
    assert sorted(Booking.objects.values_list("paid_with", flat=True)) == ["credits", "free"]


def test_too_many_unpaid_seats_are_told_beside_the_button(visit: Visit, ana: Member) -> None:
    sessions = [session() for _ in range(4)]
    page = visit(ana)
    for one in sessions[:3]:
        page.goes(f"/session/{one.pk}")
        page.presses(re.compile("^Book for £15"))
        page.sees("Your seat is held for")
    page.refusals = {409}
    page.goes(f"/session/{sessions[3].pk}")
    page.presses(re.compile("^Book for £15"))
    page.sees("You hold unpaid seats already: pay for one or give it back first.")
    page.shows("session-refused")
