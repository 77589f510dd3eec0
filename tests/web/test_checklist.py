"""The first steps in a browser: a page that staff read on whatever they have at hand."""

from playwright.sync_api import Browser

from members.models import Member
from tests.races.server import Server
from tests.web.visitor import DESK, NARROW, SHOTS, Visitor


def test_staff_see_what_is_left_to_do_and_ask_stripe(back_office: Server, browser: Browser, boss: Member) -> None:
    for name, viewport in (("desk", DESK), ("narrow", NARROW)):
        visitor = Visitor(browser, back_office.base, boss, viewport=viewport)
        page = visitor.page
        page.goto(f"{back_office.base}/admin/")
        page.get_by_role("link", name="First steps").click()
        visitor.sees("Nobody has asked.")
        page.get_by_role("button", name="Check now").focus()
        page.keyboard.press("Enter")
        visitor.sees("It does, just now.")
        visitor.sees("is told of all it needs.")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / f"checklist-{name}.png", full_page=True)
        assert visitor.complaints == []
        visitor.context.close()
