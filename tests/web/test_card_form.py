"""The card form is Stripe's: what holds it up, and that its secret is nowhere else."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from booking.models import Booking
from members.models import Member
from tests.cast import Sandbox, session
from tests.web.visitor import GOOD, Visit, Visitor

FAILED = re.compile("^The card form could not be loaded.")
KEPT = """() => JSON.stringify([
    document.documentElement.outerHTML, {...localStorage}, {...sessionStorage}, document.cookie,
    location.href, history.state, window.name, [...document.querySelectorAll("iframe, script")].map(({ src }) => src),
])"""


def begins(visit: Visit, member: Member) -> Visitor:
    """Before the session, with a clock that can be moved."""
    page = visit(member, f"/session/{session().pk}")
    page.page.clock.install()
    return page


@pytest.mark.parametrize(
    ("what", "answer"),
    [
        ("**/stripe.js", lambda route: None),
        ("**/stripe.js", lambda route: route.fulfill(body="", content_type="text/javascript")),
        ("**/payment.html*", lambda route: None),
    ],
    ids=["a script that never ends", "a script that is empty", "a frame that never ends"],
)
def test_a_form_that_is_held_up_is_given_up_and_can_be_tried_again(
    visit: Visit, ana: Member, sandbox: Sandbox, what: str, answer: Callable[[Route], None]
) -> None:
    page = begins(visit, ana)
    page.page.route(what, answer)
    with page.page.expect_request(what):
        page.presses(re.compile("^Book for £15"))
    page.page.clock.run_for(21_000)
    page.sees(FAILED)
    page.page.unroute(what)
    page.presses("Try again")
    page.pays_with(GOOD)
    page.sees("You are in!")
    assert (Booking.objects.get().status, sandbox.creates()) == ("paid", 1)


def test_the_secret_stands_nowhere_but_in_the_memory_of_the_form(visit: Visit, ana: Member, sandbox: Sandbox) -> None:
    page = visit(ana, f"/session/{session().pk}")
    page.presses(re.compile("^Book for £15"))
    expect(page.card().get_by_label("Card number")).to_be_visible()
    [secret] = [intent["client_secret"] for intent in sandbox.intents()]
    for paid in (False, True):
        if paid:
            page.pays_with(GOOD)
            page.sees("You are in!")
        kept = json.dumps(page.page.evaluate(KEPT))
        assert "_secret_" not in kept
        assert secret not in kept
