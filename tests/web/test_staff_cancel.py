"""Staff in a browser: cancel a session that twenty have paid for, and watch every refund end; move another."""

import re
import time
from datetime import timedelta
from io import StringIO

from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import expect

from booking.models import Booking, ClassSession
from members.models import Member, StaffAct
from payments.models import Refund
from tests.cast import Caller, Sandbox, intent_of, seats_match, session
from tests.races.server import Server
from tests.web.visitor import DESK, PATIENCE, Visit, Visitor

MEMBERS = 20
LIST = "admin/booking/classsession/"


def opens(visit: Visit, boss: Member, at: Server, path: str) -> Visitor:
    """At a page of the admin, on the computer behind the desk."""
    staff: Visitor = visit(boss, at=at, viewport=DESK)
    staff.page.goto(f"{staff.base}/{path}")
    return staff


def until(happened: object, text: str) -> None:
    deadline = time.monotonic() + PATIENCE / 1000
    while not happened():  # type: ignore[operator]
        assert time.monotonic() < deadline, text
        time.sleep(0.05)


def paid(one: ClassSession, sandbox: Sandbox) -> None:
    """Twenty members have paid by card; the bank of the last is slow with what goes back."""
    for number in range(MEMBERS):
        member = Member.objects.create_user(f"m{number}@example.com", name=f"Member {number + 1}")
        last = number == MEMBERS - 1
        intent = intent_of(Caller(member).book(one, "card"))
        sandbox.pays(intent, "pm_card_pendingRefund" if last else "pm_card_visa")
    until(lambda: Booking.objects.filter(status="paid").count() == MEMBERS, "the server heard of no payment")


def counted(staff: Visitor, text: str) -> None:
    """Look again until the report says so."""
    for _ in range(100):
        if text in staff.page.locator(".totals").inner_text().replace("\n", " "):
            return
        staff.follows("Look again")
        time.sleep(0.1)
    raise AssertionError((text, staff.page.locator(".totals").inner_text()))


def test_a_session_with_twenty_paid_bookings_is_cancelled_and_every_refund_is_watched_to_its_end(
    visit: Visit, back_office: Server, boss: Member, sandbox: Sandbox
) -> None:
    one = session(capacity=MEMBERS)
    paid(one, sandbox)
    waits = Member.objects.create_user("will@example.com", name="Will")
    assert Caller(waits).post(f"/api/booking/sessions/{one.pk}/waitlist/").status_code == 201
    sandbox.fault("status_before", "/v1/refunds$", status=429, times=MEMBERS // 2)

    staff = opens(visit, boss, back_office, LIST)
    staff.page.get_by_role("checkbox", name=re.compile("Select this")).first.check()
    staff.page.get_by_label("Action:").select_option("cancel_sessions")
    staff.presses("Go")
    staff.sees("Nothing has changed yet.")
    expect(staff.page.locator(".totals")).to_contain_text("300.00 GBP")
    staff.shows("staff-cancel-preview")
    assert Booking.objects.filter(status="paid").count() == MEMBERS
    staff.page.get_by_label("Reason, for the log (optional)").fill("The boiler is broken")
    staff.presses("Cancel and return all of this")

    staff.sees("The boiler is broken")
    counted(staff, f"Bookings ended {MEMBERS} of {MEMBERS}")
    until(
        lambda: Refund.objects.filter(status="due", asked_at__isnull=False, claimed_at=None).count() == MEMBERS // 2,
        "no refund was tried",
    )
    counted(staff, f"{MEMBERS // 2} due")
    staff.shows("staff-cancel-report-due")
    assert "RateLimitError" in back_office.logged()
    call_command("submit_refunds", stdout=StringIO())
    counted(staff, f"Refunds {MEMBERS} succeeded")
    staff.sees("Everything is done.")
    staff.sees("Had waited for it: Will")
    staff.shows("staff-cancel-report")

    assert sum(row["amount"] for row in sandbox.every("refunds")) == MEMBERS * 1500
    assert (Refund.objects.count(), StaffAct.objects.count()) == (MEMBERS, 1)
    assert seats_match()
    call_command("check_integrity", stdout=StringIO())


def test_a_move_is_confirmed_with_names_and_keyboard_alone(visit: Visit, back_office: Server, boss: Member) -> None:
    one = session(amount=0, starts_at=timezone.now().replace(microsecond=0) + timedelta(days=2))
    ana = Member.objects.create_user("ana@example.com", name="Ana")
    Caller(ana).book(one)
    staff = opens(visit, boss, back_office, f"{LIST}{one.pk}/change/")
    staff.page.get_by_label("Location:").fill("The hall")
    staff.page.get_by_label("Location:").press("Enter")
    staff.sees("1 member will be told of the move")
    staff.sees("Location: Studio 1 → The hall")
    staff.shows("staff-move-preview")
    button = staff.page.get_by_role("button", name="Save and tell them")
    button.focus()
    button.press("Enter")
    staff.sees(re.compile("was changed successfully"))
    one.refresh_from_db()
    assert (one.location, one.moved_at is not None) == ("The hall", True)
