"""The first steps in a browser: a page that staff read on whatever they have at hand."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from members.models import Member
from tests.cast import Sandbox
from tests.races.server import Server
from tests.web.conftest import Servers, told
from tests.web.visitor import DESK, NARROW, SHOTS, Visitor


@pytest.fixture
def office(servers: Servers, sandbox: Sandbox) -> Iterator[Server]:
    """The server with the style sheets of the admin, which are collected in production alone."""
    yield from told(servers(DEBUG="on"), sandbox)


def test_staff_see_what_is_left_to_do_and_ask_stripe(office: Server, browser: Browser, carla: Member) -> None:
    carla.is_superuser = True
    carla.save()
    for name, viewport in (("desk", DESK), ("narrow", NARROW)):
        visitor = Visitor(browser, office.base, carla, viewport=viewport)
        page = visitor.page
        page.goto(f"{office.base}/admin/")
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
