"""Turning pages: nothing is lost on the way, and nothing of a page that was left goes on."""

import pytest
from playwright.sync_api import Route, expect

from members.models import Member
from tests.cast import Caller, give_credits, session
from tests.web.visitor import Visit

PASSWORD = "a-door-of-ones-own"
WEEK = "**/api/booking/sessions/?*"


@pytest.fixture
def dora() -> Member:
    return Member.objects.create_user("dora@example.com", PASSWORD, name="Dora")


def test_a_page_that_was_left_while_it_loaded_asks_for_nothing_more(visit: Visit) -> None:
    session()
    page = visit(path="/forgot")
    held: list[Route] = []
    page.page.route(WEEK, lambda route: held.append(route))
    for week in ("/week/2031-01-01", "/week/2031-01-08", "/week/2031-01-15"):
        with page.page.expect_request(WEEK):
            page.goes(week)
    for route in held:
        route.continue_()
    page.page.unroute(WEEK)
    page.sees("Nothing is on in these days.")
    asked: list[str] = []
    page.page.on("request", lambda request: asked.append(request.url))
    with page.page.expect_response(WEEK):
        page.looks_again()
    assert len(asked) == 1


def test_whoever_is_signed_out_elsewhere_comes_back_to_where_they_were(visit: Visit, dora: Member) -> None:
    """Also where the page asks for several things at once, each of which is refused."""
    page = visit(dora, "/bookings")
    page.sees("Nothing yet. Find a class in the schedule.")
    page.context.clear_cookies(name="sessionid")
    page.refusals = {401}
    page.looks_again()
    page.sees("Please sign in again.")
    page.page.get_by_label("E-mail").fill("dora@example.com")
    page.page.get_by_label("Password").fill(PASSWORD)
    page.presses("Sign in")
    page.page.wait_for_url(f"{page.base}/#/bookings")
    page.sees("Nothing yet. Find a class in the schedule.")


def test_whoever_is_signed_in_is_not_asked_again_by_the_way_back(visit: Visit, dora: Member) -> None:
    page = visit(path="/credits")
    page.goes("/account")
    page.page.get_by_label("E-mail").fill("dora@example.com")
    page.page.get_by_label("Password").fill(PASSWORD)
    page.presses("Sign in")
    page.sees("About you")
    page.page.go_back()
    page.page.wait_for_url(f"{page.base}/#/credits")
    for door in ("/sign-in?then=%23%2Faccount", "/sign-up?then=%23%2Faccount"):
        page.goes(door)
        page.page.wait_for_url(f"{page.base}/#/account")
        page.sees("About you")


def test_a_page_that_does_not_exist_says_so_in_its_title_too(visit: Visit, dora: Member) -> None:
    page = visit(dora, "/credits")
    page.sees("You have no credits.")
    page.refusals = {404}
    for nowhere in ("/nowhere", "/bookings/HF00000000"):
        page.goes("/credits")
        expect(page.page).to_have_title("Credits · Holdfast")
        page.goes(nowhere)
        expect(page.page).to_have_title("Nothing here · Holdfast")
        expect(page.page.get_by_role("heading", level=1)).to_be_focused()


def test_a_day_of_the_strip_is_gone_to_and_kept(visit: Visit, as_ben: Caller, ben: Member) -> None:
    """By keyboard: the next key goes on from that day, also when the schedule was drawn anew meanwhile."""
    give_credits(ben, 2)
    one = session()
    page = visit()
    strip = page.page.get_by_role("group", name="Days").get_by_role("button", disabled=False)
    strip.focus()
    page.page.locator("select option").first.evaluate("(option) => { option.kept = true; }")
    as_ben.book(one)
    page.looks_again()
    page.sees("9 seats left")
    expect(strip).to_be_focused()
    page.page.keyboard.press("Enter")
    day = page.page.locator(".day:has(.card) h2")
    expect(day).to_be_focused()
    as_ben.post(
        f"/api/booking/bookings/{as_ben.get('/api/booking/bookings/').json()['results'][0]['reference']}/cancel/"
    )
    page.looks_again()
    page.sees("10 seats left")
    expect(day).to_be_focused()
    assert page.page.locator("select option").first.evaluate("(option) => option.kept"), "somebody may be choosing"
    page.page.keyboard.press("Tab")
    expect(page.page.get_by_role("link", name="Yoga", exact=True)).to_be_focused()


def test_what_is_searched_for_stays_as_it_was_typed(visit: Visit) -> None:
    session(title="Yin Yoga")
    page = visit()
    page.page.get_by_label("Search").fill("Yin Y ")
    expect(page.page.locator(".card")).to_have_count(1)
    page.follows("Later")
    expect(page.page.get_by_label("Search")).to_have_value("Yin Y ")


def test_letters_twice_as_large_fit(visit: Visit, ana: Member) -> None:
    give_credits(ana, 1)
    one = session(title="Bouldering for beginners", instructor="Isla", location="Studio 1")
    page = visit(ana)
    page.sees("10 seats left")
    page.page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    for path in ("/", f"/session/{one.pk}", "/account", "/credits", "/bookings"):
        page.goes(path)
        expect(page.page.locator("h1")).not_to_have_text("")
        page.shows(f"large{path.replace('/', '-').rstrip('-0123456789')}")
