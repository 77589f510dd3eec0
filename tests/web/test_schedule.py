"""The schedule: a week at a glance, found through, and kept fresh."""

import re
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Route, expect

from booking.models import ClassSession
from members.models import Member
from tests.cast import Caller, give_credits, session
from tests.web.visitor import DESK, Visit

LONDON = ZoneInfo("Europe/London")


def noon(days: int) -> datetime:
    day = timezone.now().astimezone(LONDON) + timedelta(days=days)
    return day.replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def week() -> list[ClassSession]:
    """A class on each of the coming days, by two teachers; the second day's is full, the third's called off."""
    names = ("Yoga", "Spin", "Wall", "Yoga", "Spin")
    sessions = [
        session(title=name, instructor="Isla" if name == "Yoga" else "Rosa", starts_at=noon(day))
        for day, name in enumerate(names, 1)
    ]
    ClassSession.objects.filter(pk=sessions[1].pk).update(capacity=0)
    ClassSession.objects.filter(pk=sessions[2].pk).update(status="cancelled")
    return sessions


def test_a_week_is_seen_at_a_glance(visit: Visit, week: list[ClassSession]) -> None:
    page = visit()
    expect(page.page.locator(".card")).to_have_count(5)
    assert page.page.locator(".day").count() == 7
    page.sees("10 seats left")
    page.sees("£15.00 or 1 credit")
    page.sees("Called off")
    page.shows("schedule")
    days = page.page.get_by_role("group", name="Days").get_by_role("button")
    expect(days).to_have_count(7)
    days.nth(5).click()
    expect(page.page.locator(".day").nth(5)).to_be_in_viewport()
    page.page.set_viewport_size(DESK)
    tops = {round(box["y"]) for box in (one.bounding_box() for one in page.page.locator(".day").all()) if box}
    assert len(tops) == 1, "seven columns"


def test_filters_narrow_it_and_stay_while_the_weeks_are_turned(visit: Visit, week: list[ClassSession]) -> None:
    page = visit()
    cards = page.page.locator(".card")
    expect(cards).to_have_count(5)
    page.page.get_by_label("With").select_option("Rosa")
    expect(cards).to_have_count(3)
    page.page.get_by_label("Free seats only").check()
    expect(cards).to_have_count(1)
    page.page.get_by_label("Search").fill("nothing like it")
    page.sees("Nothing in these days fits.")
    page.shows("schedule-nothing-fits")
    page.page.get_by_label("Search").fill("spin")
    page.page.get_by_role("link", name="Later").click()
    page.sees("Nothing in these days fits.")
    page.follows("Earlier")
    expect(cards).to_have_count(1)


def test_an_empty_week_leads_on(visit: Visit, week: list[ClassSession]) -> None:
    page = visit(path="/week/2031-01-01")
    page.sees("Nothing is on in these days.")
    page.shows("schedule-empty")
    page.follows("Look at the next days")
    page.page.wait_for_url("**/#/week/2031-01-08")


def test_what_cannot_be_loaded_can_be_tried_again(visit: Visit, week: list[ClassSession]) -> None:
    page = visit(path="/forgot")
    page.page.route("**/api/booking/sessions/?*", lambda route: route.fulfill(status=503, json={}))
    page.refusals = {503}
    page.goes("/")
    page.sees("This could not be loaded.")
    page.shows("schedule-failed")
    page.page.unroute("**/api/booking/sessions/?*")
    page.presses("Try again")
    expect(page.page.locator(".card")).to_have_count(5)


def test_while_it_loads_it_says_so(visit: Visit, week: list[ClassSession]) -> None:
    page = visit(path="/forgot")
    waiting: list[Route] = []
    page.page.route("**/api/booking/sessions/?*", lambda route: waiting.append(route))
    page.goes("/")
    page.sees("Loading …")
    page.page.wait_for_function("document.querySelector('.week')?.ariaBusy === 'true'")
    waiting[0].continue_()
    expect(page.page.locator(".card")).to_have_count(5)


def test_a_seat_that_somebody_else_takes_is_gone_without_a_reload(
    visit: Visit, as_ben: Caller, ben: Member, week: list[ClassSession]
) -> None:
    page = visit()
    card = page.page.locator(f"[data-id='{week[0].pk}']")
    expect(card).to_contain_text("10 seats left")
    give_credits(ben, 1)
    as_ben.book(week[0])
    page.looks_again()
    expect(card).to_contain_text("9 seats left")


def test_times_are_the_studios_wherever_the_visitor_is(visit: Visit, week: list[ClassSession]) -> None:
    page = visit(timezone_id="Asia/Tokyo")
    page.sees("12:00")
    page.sees("Times are the studio's: Europe/London.")


def test_a_date_begins_at_its_first_moment_in_every_zone(visit: Visit) -> None:
    """Also where the clocks change at midnight, so that a date has none, or two."""
    page = visit()
    wrong = page.page.evaluate("""async () => {
        const { addDays, dateOf, midnight, studio } = await import("/studio.js");
        const wrong = [];
        for (studio.time_zone of ["America/Santiago", "America/Havana", "Africa/Cairo", "Asia/Beirut", "Europe/London",
                                  "Australia/Lord_Howe", "America/St_Johns", "Pacific/Kiritimati", "Pacific/Midway"])
            for (let date = "2026-11-01"; date < "2028-01-01"; date = addDays(date, 1)) {
                const begins = midnight(date);
                if (dateOf(begins) !== date || dateOf(begins - 1) >= date) wrong.push([studio.time_zone, date]);
            }
        return wrong;
    }""")
    assert wrong == []


def test_the_studios_clock_is_right_however_long_the_page_takes_to_come(visit: Visit) -> None:
    page = visit(path="/forgot")
    page.page.route("**/studio.js", lambda route: (time.sleep(1.5), route.continue_()))
    page.page.reload()
    page.sees("We send you a link to choose a new one.")
    ahead = page.page.evaluate("async () => (await import('/studio.js')).now() - Date.now()")
    assert abs(ahead / 1000) < 0.5


@pytest.mark.parametrize(
    ("locale", "price", "day"),
    [("de-DE", "15,00\xa0£", "Mo., 29. März"), ("en-US", "£15.00", "Mon, Mar 29"), ("ja-JP", "£15.00", "3月29日(月)")],
)
def test_money_and_days_are_written_as_the_visitor_does(visit: Visit, locale: str, price: str, day: str) -> None:
    for hour in (12, 18):  # the clocks change on the Sunday between
        session(starts_at=datetime(2027, 3, 29, hour, tzinfo=LONDON))
    page = visit(path="/week/2027-03-25", locale=locale)
    page.sees(day)
    page.sees(re.compile(re.escape(price)))
    assert page.page.locator(".day").nth(4).locator(".card").count() == 2


def test_words_of_strangers_stay_words(visit: Visit) -> None:
    hostile = "<img src=x onerror=alert(1)><b>Yoga</b>"
    one = session(title=hostile, description=hostile, instructor=hostile, location="{price}")
    page = visit()
    expect(page.page.get_by_role("heading", name=hostile)).to_be_visible()
    page.goes(f"/session/{one.pk}")
    expect(page.page.get_by_role("heading", name=hostile)).to_be_visible()
    assert page.page.locator("main img, main b").count() == 0


def test_what_is_over_can_be_looked_at_and_not_booked(visit: Visit) -> None:
    one = session()
    ClassSession.objects.filter(pk=one.pk).update(starts_at=timezone.now() - timedelta(minutes=5))
    page = visit(path=f"/session/{one.pk}")
    page.sees("This class is over, or has begun.")
    page.refusals = {404}
    for nowhere in ("/session/999999", "/nowhere", "/week/2026-13-45"):
        page.goes(nowhere)
        page.sees("Nothing here")
