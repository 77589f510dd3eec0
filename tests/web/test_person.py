"""Staff in a browser, at one member's page: on the computer of the office, and on a narrow phone by keyboard."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from booking.models import Booking, ClassSession, WaitlistEntry
from members.models import Member, MemberNote
from payments.models import CreditEntry, Refund
from tests.cast import Caller, Sandbox, give_credits, paid_by_card, session
from tests.races.server import Server
from tests.web.visitor import DESK, NARROW, SHOTS, Visit, Visitor


@pytest.fixture
def regular(as_ana: Caller, ana: Member, boss: Member, sandbox: Sandbox) -> Member:
    """Ana, who has done a little of everything, and whose names are long."""
    paid_by_card(as_ana, session(title="Bouldering for people who are afraid of heights"), sandbox)
    give_credits(ana, 5)
    as_ana.book(session(title="Yoga"), "credits")
    over = as_ana.book(session(title="Long ago"), "credits").json()["reference"]
    ClassSession.objects.filter(title="Long ago").update(starts_at=timezone.now() - timedelta(days=9))
    Booking.objects.filter(reference=over).update(checked_in_at=timezone.now() - timedelta(days=9))
    WaitlistEntry.objects.create(member=ana, session=session(title="Full house"), joined_at=timezone.now())
    MemberNote.objects.create(member=ana, text=f"Bad knee.\n{'x' * 90}", by=boss, at=timezone.now())
    return ana


def opens(visit: Visit, boss: Member, site: Server, member: Member) -> Visitor:
    staff: Visitor = visit(boss, at=site, viewport=DESK)
    staff.page.goto(f"{staff.base}/admin/people/{member.pk}/")
    return staff


def fills(staff: Visitor, summary: str, *, button: str, **fields: str) -> None:
    """Unfold a form, fill it in and send it."""
    staff.page.locator("summary", has_text=summary).first.click()
    form = staff.page.locator("details[open] form")
    for label, value in fields.items():
        form.get_by_label(label.replace("_", " "), exact=True).fill(value)
    form.get_by_role("button", name=button, exact=True).click()


def test_staff_look_after_a_member(
    visit: Visit, back_office: Server, boss: Member, regular: Member, sandbox: Sandbox
) -> None:
    staff = opens(visit, boss, back_office, regular)
    staff.shows("person")
    fills(staff, "Give back", button="Give back", Amount="5", Reason="The heating was off")
    staff.sees("5.00 GBP goes back to the card.")
    fills(staff, "Grant credits", button="Grant", Credits="3", Reason="A birthday")
    staff.sees("Credits granted: 3.")
    fills(staff, "Take credits back", button="Take back", Credits_to_take_back="1", Reason="One too many")
    staff.sees("Credits taken back: 1.")
    fills(staff, "Add a note", button="Add the note", Note="Likes the mat by the window.")
    staff.sees("Likes the mat by the window.")
    staff.presses("Send again")
    staff.sees("The message is sent again.")
    fills(staff, "Give back", button="Give back", Amount="99", Reason="Too much")
    staff.sees("Nothing was changed. Only 10.00 GBP is left of this payment.")
    fills(staff, "Block", button="Block", Reason="Shouted")
    staff.sees("They are blocked, and signed out everywhere.")
    staff.page.locator("summary").evaluate_all("all => all.forEach(one => one.click())")
    staff.shows("person-open")
    staff.page.set_viewport_size(NARROW)
    staff.page.screenshot(path=SHOTS / "person-open-narrow.png", full_page=True)
    assert [row.amount for row in Refund.objects.all()] == [500]
    assert [row.credits for row in CreditEntry.objects.filter(kind="corrected")] == [-1]
    regular.refresh_from_db()
    assert not regular.is_active


def test_by_keyboard_alone_a_note_is_added_on_a_narrow_phone(
    visit: Visit, back_office: Server, boss: Member, regular: Member
) -> None:
    staff = opens(visit, boss, back_office, regular)
    staff.page.set_viewport_size(NARROW)
    staff.page.locator("summary", has_text="Add a note").focus()
    staff.page.keyboard.press("Enter")
    staff.page.keyboard.press("Tab")
    expect(staff.page.get_by_label("Note", exact=True)).to_be_focused()
    staff.page.keyboard.type("Comes with a dog")
    staff.page.keyboard.press("Tab")
    staff.page.keyboard.press("Enter")
    staff.sees("The note was added.")
    staff.sees("Comes with a dog")
