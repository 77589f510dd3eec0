"""A morning at the front desk, on a tablet at the door."""

import re
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Locator, expect

from booking.models import Booking, ClassSession
from boundary import studio_clock
from members.models import Member, MemberNote, StaffAct
from tests.cast import Caller, Sandbox, give_credits, paid_by_card, session
from tests.races.server import Server
from tests.web.conftest import Servers, told
from tests.web.visitor import SHOTS, Visit, Visitor

TABLET = {"width": 820, "height": 1180}
# When yoga begins; near midnight that is tomorrow.
SOON = timedelta(minutes=3)


@pytest.fixture
def studio(servers: Servers, sandbox: Sandbox) -> Iterator[Server]:
    """A studio that allows one extra seat; with DEBUG it serves the admin's style sheets uncollected."""
    yield from told(servers(WALK_IN_EXTRA_SEATS="1", DEBUG="on"), sandbox)


@pytest.fixture
def front(visit: Visit, studio: Server, carla: Member) -> Visitor:
    """Carla's tablet."""
    carla.user_permissions.set(Permission.objects.filter(codename__in=("run_desk", "add_member")))
    page = visit(carla, at=studio, viewport=TABLET, has_touch=True)
    page.page.goto(f"{studio.base}/admin/desk/?of={studio_clock.today(timezone.now() + SOON)}")
    return page


@pytest.fixture
def yoga(ana: Member, ben: Member, as_ana: Caller, as_ben: Caller, carla: Member, sandbox: Sandbox) -> ClassSession:
    """Five seats, in a minute: Ana has paid by card, Ben with a credit, Dora and Eli too."""
    one = session(capacity=6, starts_at=timezone.now() + SOON)
    paid_by_card(as_ana, one, sandbox)
    others = [ben, *(Member.objects.create_user(f"{name.lower()}@example.com", name=name) for name in ("Dora", "Eli"))]
    for member in others:
        give_credits(member, 1)
        Caller(member).book(one, "credits")
    MemberNote.objects.create(member=ben, text="Bad knee: no jumps.", by=carla, at=timezone.now())
    return one


def row(page: Visitor, name: str) -> Locator:
    who = page.page.locator(".who strong", has_text=re.compile(f"^{name}$"))
    return page.page.locator("ul.rows > li").filter(has=who)


def everything_can_be_touched(page: Visitor) -> None:
    for one in page.page.locator("#content button, #content .turn a, #content a.open, #content input:visible").all():
        box = one.bounding_box()
        tick = one.get_attribute("type") == "checkbox"
        assert box is None or tick or box["height"] >= 44, one.evaluate("one => one.outerHTML")


def walk_in(page: Visitor, words: str, name: str) -> None:
    """Find somebody, and open the page that books for them."""
    page.follows("Add somebody")
    page.page.get_by_label("Name, e-mail or phone").fill(words)
    page.presses("Search")
    page.page.get_by_role("link", name=re.compile(name)).click()


def test_a_morning_at_the_front_desk(front: Visitor, yoga: ClassSession, ana: Member) -> None:
    page = front
    page.page.reload()
    everything_can_be_touched(page)
    page.shows("frontdesk-day")
    page.follows(re.compile("Yoga"))
    expect(page.page.locator("ul.rows > li")).to_have_count(4)
    expect(row(page, "Ben")).to_contain_text("Bad knee")
    expect(row(page, "Ana")).to_contain_text("first visit")

    # Three come, and one of them was somebody else.
    for name in ("Ana", "Ben", "Dora"):
        page.presses(f"Check in {name}")
        expect(row(page, name)).to_contain_text("here since")
    page.presses("Undo: Dora is not here")
    expect(row(page, "Dora")).not_to_contain_text("here since")

    # Somebody new walks in and pays in cash; a regular has a credit left.
    page.follows("Add somebody")
    page.shows("frontdesk-people")
    everything_can_be_touched(page)
    page.page.get_by_label("Name:").fill("Nia")
    page.page.get_by_label("E-mail:").fill("nia@example.com")
    page.presses("Make a member and book")
    page.shows("frontdesk-sale")
    everything_can_be_touched(page)
    page.presses("Take 15.00 GBP in cash")
    expect(row(page, "Nia")).to_contain_text("Cash, 15.00 GBP")
    expect(row(page, "Nia")).to_contain_text("here since")
    rui = Member.objects.create_user("rui@example.com", name="Rui", phone="+447700900199")
    give_credits(rui, 2)
    walk_in(page, "07700 900199", "Rui")
    page.page.get_by_label("They are here").uncheck()
    page.presses("Take 1 credit")
    expect(row(page, "Rui")).to_contain_text("1 credit")

    # Full: one more only with a reason.
    far = Member.objects.create_user("far@example.com", name="Farah")
    walk_in(page, "farah", "Farah")
    page.presses("Take 15.00 GBP in cash")
    page.sees("To add an extra seat, say why.")
    page.shows("frontdesk-full")
    page.page.get_by_label("Why an extra seat").fill("Came from Leeds")
    page.presses("Take 15.00 GBP in cash")
    expect(row(page, "Farah")).to_contain_text("here since")
    page.sees(re.compile("7 of 7 seats taken"))
    assert StaffAct.objects.get(act="extra_seat").reason == "Came from Leeds"

    # It begins; who is not here is missed, but for Dora, who comes late.
    ClassSession.objects.update(starts_at=timezone.now() - timedelta(minutes=5))
    page.page.reload()
    page.shows("frontdesk-roster")
    everything_can_be_touched(page)
    page.presses("Mark the rest as no-shows (3)")
    page.sees("No-shows: 3.")
    page.presses("Check in Dora")
    expect(row(page, "Dora")).to_contain_text("here since")
    expect(row(page, "Eli")).to_contain_text("no-show")
    page.page.get_by_text("Sold by mistake?").first.click()
    page.shows("frontdesk-begun")
    page.follows("Print")
    expect(page.page.locator("table.paper tbody tr")).to_have_count(7)
    page.shows("frontdesk-print")
    page.page.pdf(path=Path(SHOTS) / "frontdesk-print.pdf")
    page.page.emulate_media(media="print")
    expect(page.page.get_by_text("Back")).to_be_hidden()
    page.page.screenshot(path=SHOTS / "frontdesk-paper.png")

    yoga.refresh_from_db()
    assert (yoga.seats_taken, yoga.capacity, yoga.extra_seats) == (7, 7, 1)
    assert Booking.objects.filter(no_show_at__isnull=False).count() == 2
    assert set(Booking.objects.filter(paid_with="desk").values_list("member", flat=True)) == {
        far.pk,
        Member.objects.get(name="Nia").pk,
    }
    call_command("check_integrity", stdout=StringIO())


def test_cash_is_handed_back_at_the_desk(front: Visitor, ana: Member, as_ana: Caller, yoga: ClassSession) -> None:
    page = front
    tomorrow = session(title="Spin")
    page.page.goto(f"{page.base}/admin/desk/{tomorrow.pk}/people/{ana.pk}/")
    page.page.get_by_role("button", name="Take 15.00 GBP in cash").dblclick()
    expect(row(page, "Ana")).to_contain_text("Cash, 15.00 GBP")
    booking = Booking.objects.get(paid_with="desk")
    assert as_ana.post(f"/api/booking/bookings/{booking.reference}/cancel/").status_code == 200
    page.page.goto(f"{page.base}/admin/desk/")
    page.sees("Cash to hand back")
    page.shows("frontdesk-owed")
    everything_can_be_touched(page)
    page.presses("Handed back 15.00 GBP")
    page.sees(re.compile("15.00 GBP handed back to Ana"))
    expect(page.page.get_by_text("Cash to hand back")).to_be_hidden()
    booking.refresh_from_db()
    assert booking.cash_returned_at is not None
