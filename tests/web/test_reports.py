"""How the studio is doing, in a real browser under the admin's policy: light, dark, on a narrow phone, on paper."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from booking.models import WaitlistEntry
from members.models import Member
from tests.booking.past import ago, booked, booked_by_card, bought, class_at, kind, never_paid, returned, somebody
from tests.races.server import Server
from tests.web.visitor import DESK, NARROW, SHOTS, Visitor


@pytest.fixture
def window(browser: Browser, back_office: Server, boss: Member, busy: None) -> Iterator[Visitor]:
    """What the browser complains of, a breach of the policy among it, fails the test."""
    visitor = Visitor(browser, back_office.base, boss)
    yield visitor
    visitor.leaves()


@pytest.fixture
def busy() -> None:
    """Forty days of a studio, with something for each report."""
    yoga = kind("Yoga")
    for day in range(1, 40):
        one = class_at(
            ago(days=day).replace(hour=(7, 9, 12, 18, 20)[day % 5], minute=0),
            session_type=yoga if day % 3 else None,
            currency="gbp" if day % 4 else "eur",
        )
        for seat in range(day * 7 % 9 + 1):
            came = {"checked_in_at": one.starts_at} if seat % 4 else {}
            took = timedelta(seconds=seat * seat * 37 + day)
            booking = booked_by_card(one, 1500, one.starts_at - timedelta(days=1), took=took, **came)
            if seat == 6 and booking.payment:
                returned(booking.payment, 700, one.starts_at)
        if day % 5 == 0:
            never_paid(one, one.starts_at - timedelta(days=1), after=timedelta(minutes=31))
            offer = booked(one) if day % 2 else booked(one, "freed", ended_reason="offer_lapsed")
            WaitlistEntry.objects.create(member=somebody(), session=one, joined_at=ago(days=day), offer=offer)
        if day % 6 == 0:
            bought(9000, 10, ago(days=day), remaining=day % 10 + 1, expires_at=ago(days=-3 * day))


def test_the_page_can_be_read_in_light_and_dark_on_a_phone_and_on_paper(window: Visitor) -> None:
    for scheme in ("light", "dark"):
        window.page.emulate_media(color_scheme=scheme)
        window.page.goto(f"{window.base}/admin/reports/?range=90-days")
        window.sees("of 390 seats")
        for size, how in ((DESK, "desk"), (NARROW, "narrow")):
            window.page.set_viewport_size(size)
            assert window.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"wider than {how}"
            SHOTS.mkdir(parents=True, exist_ok=True)
            window.page.screenshot(path=SHOTS / f"reports-{scheme}-{how}.png", full_page=True)
            # The rest of the page is Django's.
            found = Axe().run(window.page, context="#content", options={"resultTypes": ["violations"]})
            assert found.violations_count == 0, found.generate_report()
    window.page.emulate_media(media="print", color_scheme="light")
    window.page.pdf(path=SHOTS / "reports.pdf", format="A4")


def test_a_range_is_chosen_with_the_keyboard_alone(window: Visitor) -> None:
    window.page.goto(f"{window.base}/admin/reports/")
    window.follows("This week")
    window.sees("How full")
    window.page.get_by_label("From").fill("2026-03-02")
    window.page.get_by_label("To", exact=True).fill("2026-03-01")
    window.refusals.add(400)
    window.page.get_by_label("To", exact=True).press("Enter")
    window.sees("The last day is before the first.")


def test_a_file_is_saved_from_the_page(window: Visitor) -> None:
    window.page.goto(f"{window.base}/admin/reports/")
    with window.page.expect_download() as saved:
        window.follows("CSV of Money received and returned")
    assert saved.value.suggested_filename.startswith("revenue-revenue-")
    assert saved.value.path().read_text().startswith("from,to,currency,")
