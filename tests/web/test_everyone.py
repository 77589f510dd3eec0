"""The page works for everyone: by keyboard, read aloud, dark, narrow, in a strict frame."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import expect

from booking.models import Booking
from members.models import Member
from tests.cast import Sandbox, give_credits, session
from tests.web.visitor import GOOD, Visit


def test_a_class_is_booked_by_the_keyboard_alone(visit: Visit, ana: Member) -> None:
    give_credits(ana, 1)
    session(title="Climbing")
    page = visit(ana)
    page.sees("Climbing")
    page.page.keyboard.press("Tab")
    expect(page.page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.page.keyboard.press("Enter")
    for _ in range(20):
        page.page.keyboard.press("Tab")
        if page.page.evaluate("document.activeElement.textContent") == "Book for 1 credit":
            break
    assert page.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.page.keyboard.press("Enter")
    page.sees("You are in")
    expect(page.page.get_by_role("status").filter(has_text="You are in: Climbing")).to_be_visible()
    expect(page.page.get_by_role("link", name=re.compile("^See your booking: Climbing"))).to_be_focused()
    assert Booking.objects.get().status == "paid"


def test_each_page_has_its_title_and_takes_the_focus(visit: Visit, ana: Member) -> None:
    page = visit(ana)
    for name, title in (("My bookings", "My bookings"), ("Credits", "Credits"), ("Account", "Account")):
        page.follows(name)
        expect(page.page).to_have_title(f"{title} · Holdfast")
        expect(page.page.get_by_role("heading", level=1)).to_be_focused()
        expect(page.page.get_by_role("link", name=name).first).to_have_attribute("aria-current", "page")


def test_in_the_dark_and_without_motion(visit: Visit, ana: Member, sandbox: Sandbox) -> None:
    one = session()
    page = visit(ana, color_scheme="dark", reduced_motion="reduce")
    page.sees("Yoga")
    page.shows("schedule-dark")
    page.goes(f"/session/{one.pk}")
    page.presses(re.compile("^Book for £15"))
    expect(page.card().get_by_label("Card number")).to_be_visible()
    page.shows("pay-form-dark")
    page.goes("/account")
    page.sees("About you")
    page.shows("account-dark")


def test_nobody_else_is_asked_for_anything_but_stripe(visit: Visit, ana: Member, sandbox: Sandbox) -> None:
    one = session()
    page = visit(ana)
    asked: set[str] = set()
    page.page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    page.sees("Yoga")
    page.goes(f"/session/{one.pk}")
    own = urlsplit(page.base).netloc
    page.page.wait_for_load_state("networkidle")
    assert asked == {own}
    page.presses(re.compile("^Book for £15"))
    page.pays_with(GOOD)
    page.sees("You are in!")
    assert asked == {own, urlsplit(sandbox.base).netloc}


def test_a_script_that_was_smuggled_in_does_not_run(visit: Visit) -> None:
    page = visit()
    page.page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.smuggled = true";
        document.body.append(script);
    }""")
    assert page.page.evaluate("window.smuggled") is None
    assert [one for one in page.complaints if "Content Security Policy" in one]
    page.complaints = []
