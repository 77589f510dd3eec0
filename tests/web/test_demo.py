"""What `make run` opens on, and that a demo says it is one."""

import re

from playwright.sync_api import Browser, expect

from members.models import Member
from tests.cast import Sandbox, session
from tests.journeys.demo import Demo, demo  # noqa: F401 - a fixture
from tests.races.server import Server
from tests.web.visitor import GOOD, Visit, Visitor


def test_a_demo_says_so_and_leads_to_the_page_that_plays_the_bank(visit: Visit, ana: Member, sandbox: Sandbox) -> None:
    session()
    page = visit(ana)
    page.sees("A demo: no card is charged.")
    page.follows("Play bank and phone")
    expect(page.page).to_have_title("Sandbox console")
    assert page.page.url == f"{sandbox.base}/"
    page.sees(re.compile("^live$"))


def test_with_stripes_own_form_nothing_speaks_of_a_demo(visit: Visit, earnest: Server) -> None:
    session()
    page = visit(at=earnest)
    page.sees("Yoga")
    expect(page.page.locator("#demo")).to_be_hidden()
    page.shows("schedule-no-demo")


def test_a_studio_without_cards_is_no_demo(visit: Visit, cardless: Server) -> None:
    session()
    page = visit(at=cardless)
    page.sees("Yoga")
    expect(page.page.locator("#demo")).to_be_hidden()


def test_make_run_opens_on_a_studio_where_ana_signs_in_and_pays(demo: Demo, browser: Browser) -> None:  # noqa: F811
    page = Visitor(browser, f"http://127.0.0.1:{demo.port}", None).goes("")
    page.sees("A demo: no card is charged.")
    expect(page.page.get_by_role("heading", level=3).first).to_be_visible()
    page.shows("demo")
    page.follows("Sign in")
    page.page.get_by_label("E-mail").fill("ana@example.com")
    page.page.get_by_label("Password").fill("demo-studio-2026")
    page.presses("Sign in")
    expect(page.page.get_by_role("navigation")).to_contain_text("5 credits")
    page.shows("demo-member")
    page.follows(re.compile("^Bouldering basics$"))
    page.presses(re.compile("^Book for £"))
    page.pays_with(GOOD)
    page.sees("You are in!")
    page.goes("/credits")
    page.sees("Buy credits")
    page.shows("demo-credits")
    page.leaves()
