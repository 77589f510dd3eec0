"""Staff cancel sessions in the admin: they see what it returns, confirm, and follow every booking to its end."""

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags
from freezegun import freeze_time

from booking.models import Booking, ClassSession, WaitlistEntry
from boundary import studio_clock
from members.models import Member, StaffAct
from notifications import delivery
from notifications.models import Message
from payments import credits, refunds
from payments.models import CreditLot, Refund
from tests.booking.door import Door
from tests.cast import Caller, Sandbox, give_credits, intent_of, paid_by_card, seats_match, session, tell
from tests.rival import Crash, crash, meanwhile

PREVIEW, REPORT = "/admin/booking/classsession/cancel/", "/admin/booking/classsession/cancelled/"


@pytest.fixture(autouse=True)
def stripe_here(sandbox: Sandbox) -> Sandbox:
    return sandbox


@pytest.fixture
def dan() -> Member:
    return Member.objects.create_user("dan@example.com", "dan-and-the-wall", name="Dan")


def ids(*sessions: ClassSession) -> dict[str, str]:
    return {"ids": ",".join(str(one.pk) for one in sessions)}


def words(answer: Any) -> str:
    """What stands on a page, in one line."""
    assert answer.status_code == 200
    page = answer.content.decode().split('id="content"')[1]
    page = re.sub(r'<input type="submit"[^>]* value="([^"]*)"', r"[\1] <input", page)
    return re.sub(r"\s+", " ", strip_tags(page.replace("<", " <"))).replace("&#x27;", "'")


def preview(desk: Client, *sessions: ClassSession) -> str:
    return words(desk.get(PREVIEW, ids(*sessions)))


def report(desk: Client, *sessions: ClassSession) -> str:
    assert refunds.lane.wait(20)
    assert delivery.lane.wait(20)
    return words(desk.get(REPORT, ids(*sessions)))


def confirm(desk: Client, *sessions: ClassSession, reason: str = "") -> str:
    answer = desk.post(PREVIEW, ids(*sessions) | {"reason": reason})
    assert (answer.status_code, answer["Location"]) == (302, f"{REPORT}?ids={ids(*sessions)['ids']}")
    return report(desk, *sessions)


def is_in_order(*sessions: ClassSession) -> bool:
    """The laws hold, and of these sessions nobody holds a seat and nobody waits."""
    call_command("check_integrity", stdout=StringIO())
    assert not WaitlistEntry.objects.filter(WaitlistEntry.WAITING, session__in=sessions).exists()
    rows = ClassSession.objects.filter(pk__in=[one.pk for one in sessions])
    return seats_match() and all((one.status, one.seats_taken) == ("cancelled", 0) for one in rows)


def everything() -> list[Any]:
    """What a look must not change."""
    rows = (Booking, ClassSession, Refund, CreditLot, WaitlistEntry, Message, StaffAct)
    return [list(kind.objects.order_by("pk").values()) for kind in rows]


# --- Before -----------------------------------------------------------------------------------------------------------


def test_a_preview_says_what_each_booking_returns_and_changes_nothing(
    desk: Client, as_ana: Caller, as_ben: Caller, ana: Member, ben: Member, dan: Member, sandbox: Sandbox
) -> None:
    later = timezone.now() + timedelta(days=30)
    give_credits(ben, 2, expires_at=later)
    eve = Member.objects.create_user("eve@example.com", name="Eve")
    one = session(capacity=3, credits_required=2)
    mine, his = paid_by_card(as_ana, one, sandbox), as_ben.book(one).json()["reference"]
    held = Caller(dan).book(one, "card").json()["reference"]
    assert Caller(eve).post(f"/api/booking/sessions/{one.pk}/waitlist/").status_code == 201
    assert delivery.lane.wait(20)
    before = everything()
    seen = preview(desk, one)
    assert "Nothing has changed yet." in seen
    assert "Bookings that end 1 card, 1 credits, 1 hold" in seen
    assert "Back to cards 15.00 GBP Credits returned 2 Who waits and is told 1" in seen
    assert f"{mine} Ana card 15.00 GBP to the card" in seen
    day = studio_clock.today(later)
    assert f"{his} Ben credits 2 credits to the lot that lives until {day.day} {day:%b %Y}." in seen
    assert f"{held} Dan hold Voided; nothing was paid." in seen
    assert "Waiting, and told that it is off: Eve." in seen
    assert everything() == before


def test_cash_that_the_desk_took_is_handed_back_there(desk: Client, carla: Member, ben: Member) -> None:
    one = session()
    sold = Door(carla, "run_desk").sold(one, ben)
    seen = preview(desk, one)
    assert "Back to cards nothing Back in cash 15.00 GBP" in seen
    assert f"{sold.reference} Ben desk 15.00 GBP in cash, at the desk" in seen
    assert "15.00 GBP in cash, at the desk" in confirm(desk, one)
    assert is_in_order(one)
    assert Booking.objects.filter(Booking.CASH_OWED).get().returned_amount == 1500


def test_credits_of_an_expired_lot_are_said_to_go_to_a_lot_of_grace(
    desk: Client, as_ana: Caller, ana: Member, settings: Any
) -> None:
    give_credits(ana, 1, expires_at=timezone.now() + timedelta(days=40))
    one = session()
    as_ana.book(one)
    CreditLot.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert f"1 credit to a new lot for {settings.CREDIT_GRACE_DAYS} days, for theirs has expired on" in preview(
        desk, one
    )
    confirm(desk, one)
    assert [lot.remaining for lot in credits.usable(ana, at=timezone.now())] == [1]
    assert is_in_order(one)


def test_an_offer_ends_too(desk: Client, as_ana: Caller, as_ben: Caller, ana: Member) -> None:
    one = session(capacity=1)
    his = as_ben.book(one, "card").json()["reference"]
    as_ana.post(f"/api/booking/sessions/{one.pk}/waitlist/")
    as_ben.post(f"/api/booking/bookings/{his}/cancel/")
    offer = Booking.objects.get(member=ana)
    assert f"{offer.reference} Ana offer Nothing was paid." in preview(desk, one)
    assert f"{offer.reference} Ana done nothing" in confirm(desk, one)
    assert is_in_order(one)


def test_a_preview_warns_of_what_will_not_happen(desk: Client, as_ana: Caller, sandbox: Sandbox) -> None:
    begun = session(title="Spin", starts_at=timezone.now() - timedelta(minutes=5))
    empty, off = session(title="Flow"), session(title="Off", status="cancelled")
    seen = preview(desk, begun, empty, off)
    assert "It has begun: it will not be cancelled." in seen
    assert "Nobody has booked it or waits for it." in seen
    assert "It is cancelled already, and nothing is left to do." in seen
    assert "Sessions that end 1" in seen
    only = preview(desk, begun, off)
    assert "There is nothing to cancel." in only
    assert "[Cancel and return all of this]" in seen
    assert "[Cancel and return" not in only


def test_a_preview_warns_of_money_that_cannot_or_should_not_go_back_now(
    desk: Client, as_ana: Caller, as_ben: Caller, sandbox: Sandbox, settings: Any
) -> None:
    one = session()
    mine, his = (paid_by_card(caller, one, sandbox) for caller in (as_ana, as_ben))
    intents = dict(Booking.objects.values_list("reference", "payment__stripe_intent_id"))
    sandbox.control("POST", f"payment_intents/{intents[mine]}/refund", amount=1000)
    sandbox.control("POST", f"payment_intents/{intents[his]}/dispute")
    for type_ in ("refund.created", "charge.dispute.created"):
        for event in sandbox.events(type_):
            assert tell(event).status_code == 200
    settings.PAYMENTS_ENABLED = False
    seen = preview(desk, one)
    assert f"{mine} Ana card 5.00 GBP to the card 10.00 GBP of it went back before, and cannot be returned" in seen
    assert f"{his} Ben card 15.00 GBP to the card The charge is contested: the refund waits" in seen
    assert "No key of Stripe's is set: the refund is owed" in seen
    settings.PAYMENTS_ENABLED = True
    after = confirm(desk, one)
    assert "15.00 GBP waits (the charge is contested)" in after
    assert "10.00 GBP succeeded 5.00 GBP succeeded" in after
    assert is_in_order(one)


def crowd(one: ClassSession, number: int, sandbox: Sandbox) -> None:
    """So many members have paid by credits, so many by card, and one waits."""
    ClassSession.objects.filter(pk=one.pk).update(capacity=2 * number)
    for at in range(2 * number):
        member = Member.objects.create_user(f"m{one.pk}-{at}@example.com", name=f"M{at}")
        if at % 2:
            give_credits(member, 1)
            assert Caller(member).book(one).status_code == 201
        else:
            sandbox.pays(intent_of(Caller(member).book(one, "card")))
    for event in sandbox.events("payment_intent.succeeded"):
        assert tell(event).status_code == 200
    last = Member.objects.create_user(f"w{one.pk}@example.com", name="Will")
    assert Caller(last).post(f"/api/booking/sessions/{one.pk}/waitlist/").status_code == 201


def test_both_pages_cost_the_same_queries_for_one_booking_and_for_twenty(
    desk: Client, sandbox: Sandbox, django_assert_num_queries: Any
) -> None:
    few, many = session(), session()
    crowd(few, 1, sandbox)
    crowd(many, 10, sandbox)
    for page in (PREVIEW, REPORT):
        with CaptureQueriesContext(connection) as for_few:
            desk.get(page, ids(few))
        with django_assert_num_queries(len(for_few)):
            desk.get(page, ids(few, many))
        for one in (few, many) if page == PREVIEW else ():
            confirm(desk, one)


# --- Done -------------------------------------------------------------------------------------------------------------


def test_a_confirmation_returns_everything_and_reports_each_booking(
    desk: Client, as_ana: Caller, as_ben: Caller, carla: Member, ben: Member, dan: Member, sandbox: Sandbox
) -> None:
    give_credits(ben, 1)
    one, other = session(capacity=2), session(title="Spin")
    mine, his = paid_by_card(as_ana, one, sandbox), as_ben.book(one).json()["reference"]
    held = as_ana.book(other, "card").json()["reference"]
    assert Caller(dan).post(f"/api/booking/sessions/{one.pk}/waitlist/").status_code == 201
    after = confirm(desk, one, other, reason="The boiler is broken")
    assert "Bookings ended 3 of 3 Refunds 1 succeeded Everything is done." in after
    assert after.count(": The boiler is broken.") == 2
    assert f"{mine} Ana done 15.00 GBP to the card 15.00 GBP succeeded sent" in after
    assert f"{his} Ben done 1 credit – mailed" in after
    assert f"{held} Ana done nothing – sent" in after
    assert "Had waited for it: Dan (message: mailed)." in after
    assert [row["amount"] for row in sandbox.every("refunds")] == [1500]
    logged = StaffAct.objects.order_by("id").values_list("actor", "act", "subject", "before", "after", "reason")
    assert list(logged) == [
        (carla.pk, "cancel_session", f"session:{which.pk}", {"status": "scheduled", "seats_taken": taken},
         {"status": "cancelled"}, "The boiler is broken")
        for which, taken in ((one, 2), (other, 1))
    ]  # fmt: skip
    last = Booking.objects.get(reference=mine).transitions.last()
    assert last is not None
    assert (last.reason, last.by) == ("session_cancelled", f"staff:{carla.pk}")
    assert is_in_order(one, other)


def test_two_presses_return_once_and_are_one_act(desk: Client, as_ana: Caller, sandbox: Sandbox) -> None:
    one = session()
    paid_by_card(as_ana, one, sandbox)
    assert confirm(desk, one) == confirm(desk, one)
    call_command("submit_refunds", stdout=StringIO())
    assert len(sandbox.every("refunds")) == Refund.objects.count() == 1
    assert StaffAct.objects.filter(act="cancel_session").count() == 1
    assert Message.objects.filter(kind="session_cancelled").count() == 1
    assert is_in_order(one)


def test_a_press_at_that_very_instant_returns_once_too(desk: Client, as_ana: Caller, sandbox: Sandbox) -> None:
    one = session()
    paid_by_card(as_ana, one, sandbox)

    def press() -> None:
        assert desk.post(PREVIEW, ids(one)).status_code == 302

    with meanwhile(press):
        assert "Bookings ended 1 of 1 Refunds 1 succeeded Everything is done." in confirm(desk, one)
    assert len(sandbox.every("refunds")) == Refund.objects.count() == 1
    assert StaffAct.objects.filter(act="cancel_session").count() == 1
    assert is_in_order(one)


def test_what_was_booked_since_the_preview_is_returned_as_well(
    desk: Client, as_ana: Caller, as_ben: Caller, sandbox: Sandbox
) -> None:
    one = session()
    mine = paid_by_card(as_ana, one, sandbox)
    assert "Bookings that end 1 card" in preview(desk, one)
    his = paid_by_card(as_ben, one, sandbox)
    as_ana.post(f"/api/booking/bookings/{mine}/cancel/")
    after = confirm(desk, one)
    assert f"{his} Ben done 15.00 GBP to the card" in after
    assert mine not in after
    assert sorted(row["amount"] for row in sandbox.every("refunds")) == [1500, 1500]
    assert is_in_order(one)


def test_one_that_has_begun_is_left_and_the_others_are_cancelled(
    desk: Client, as_ana: Caller, as_ben: Caller, sandbox: Sandbox
) -> None:
    begun, one = session(title="Spin"), session()
    paid_by_card(as_ana, begun, sandbox)
    paid_by_card(as_ben, one, sandbox)
    ClassSession.objects.filter(pk=begun.pk).update(starts_at=timezone.now() - timedelta(minutes=1))
    after = confirm(desk, begun, one)
    assert "It has begun: it was not cancelled." in after
    assert "Bookings ended 1 of 1" in after
    assert set(Booking.objects.values_list("session", "status")) == {(begun.pk, "paid"), (one.pk, "cancelled")}
    assert is_in_order(one)


# --- Halfway ----------------------------------------------------------------------------------------------------------


def test_after_a_crash_between_two_bookings_the_report_says_which_and_going_on_does_the_rest(
    desk: Client, as_ana: Caller, as_ben: Caller, sandbox: Sandbox
) -> None:
    one = session()
    mine, his = (paid_by_card(caller, one, sandbox) for caller in (as_ana, as_ben))
    with pytest.raises(Crash), meanwhile(lambda: None, crash, before='UPDATE "booking_booking"'):
        desk.post(PREVIEW, ids(one))
    halfway = report(desk, one)
    assert "Bookings ended 1 of 2" in halfway
    assert f"{mine} Ana done 15.00 GBP to the card 15.00 GBP succeeded" in halfway
    assert f"{his} Ben Not ended yet. – – –" in halfway
    assert "[Go on]" in halfway
    assert "Cancelled by Carla" in halfway
    assert "It is cancelled already; what was left halfway goes on." in preview(desk, one)
    assert "Bookings ended 2 of 2 Refunds 2 succeeded Everything is done." in confirm(desk, one)
    assert [row["amount"] for row in sandbox.every("refunds")] == [1500, 1500]
    assert StaffAct.objects.count() == 1
    assert is_in_order(one)


def test_after_a_crash_between_two_sessions_going_on_cancels_the_second(
    desk: Client, as_ana: Caller, as_ben: Caller, sandbox: Sandbox
) -> None:
    one, other = session(), session(title="Spin")
    paid_by_card(as_ana, one, sandbox)
    paid_by_card(as_ben, other, sandbox)
    with pytest.raises(Crash), meanwhile(lambda: None, crash, before='INSERT INTO "members_staffact"'):
        desk.post(PREVIEW, ids(one, other))
    halfway = report(desk, one, other)
    assert "It still takes place; going on cancels it." in halfway
    assert "Bookings ended 0 of 1" in halfway
    assert "Bookings ended 2 of 2 Refunds 2 succeeded Everything is done." in confirm(desk, one, other)
    assert StaffAct.objects.count() == 2
    assert is_in_order(one, other)


def test_who_waits_when_it_crashes_is_told_by_going_on(desk: Client, as_ben: Caller, dan: Member) -> None:
    one = session(capacity=1, amount=0)
    as_ben.book(one)
    assert Caller(dan).post(f"/api/booking/sessions/{one.pk}/waitlist/").status_code == 201
    with pytest.raises(Crash), meanwhile(crash, before='UPDATE "booking_waitlistentry"'):
        desk.post(PREVIEW, ids(one))
    halfway = report(desk, one)
    assert "1 still in line and not told yet." in halfway
    assert "[Go on]" in halfway
    after = confirm(desk, one)
    assert "Had waited for it: Dan (message: mailed)." in after
    assert "Everything is done." in after
    assert is_in_order(one)


def test_everyone_in_a_long_line_is_told_once_and_nobody_who_left_it(
    desk: Client, as_ana: Caller, as_ben: Caller, ana: Member
) -> None:
    one = session(capacity=1, amount=0)
    as_ben.book(one)
    path = f"/api/booking/sessions/{one.pk}/waitlist/"
    assert as_ana.post(path).status_code == 201
    as_ana.send("DELETE", path)
    for number in range(60):
        member = Member.objects.create_user(f"w{number}@example.com", name=f"W{number}")
        WaitlistEntry.objects.create(member=member, session=one, joined_at=timezone.now())
    assert "Who waits and is told 60" in preview(desk, one)
    for _ in range(2):
        confirm(desk, one)
    call_command("deliver_messages", stdout=StringIO())
    told = Message.objects.filter(kind="session_cancelled", subject__startswith="waitlist:")
    assert set(told.values_list("variables__returns", flat=True)) == {"You were on its waitlist, so nothing was paid."}
    assert (told.count(), told.filter(member=ana).count()) == (60, 0)
    after = report(desk, one)
    assert after.count("(message: mailed)") == 60
    assert "Ana" not in after
    assert is_in_order(one)


def test_the_expiry_command_goes_on_and_the_report_shows_it(
    desk: Client, as_ana: Caller, as_ben: Caller, sandbox: Sandbox
) -> None:
    """Also of a hold, which ends in the command's own words."""
    one = session()
    paid_by_card(as_ana, one, sandbox)
    held = as_ben.book(one, "card").json()["reference"]
    with pytest.raises(Crash), meanwhile(crash, before='UPDATE "booking_booking"'):
        desk.post(PREVIEW, ids(one))
    assert "Bookings ended 0 of 2" in report(desk, one)
    call_command("expire_pending_bookings", stdout=StringIO())
    after = report(desk, one)
    assert "Bookings ended 2 of 2 Refunds 1 succeeded Everything is done." in after
    assert f"{held} Ben done nothing – mailed" in after
    assert is_in_order(one)


def test_a_silent_stripe_keeps_only_its_hold_waiting_and_is_named(
    desk: Client, as_ana: Caller, as_ben: Caller, sandbox: Sandbox
) -> None:
    one = session()
    held = as_ana.book(one, "card").json()["reference"]
    his = paid_by_card(as_ben, one, sandbox)
    sandbox.fault("status_before", "/cancel$", status=500, times=50)
    sandbox.fault("status_before", "/v1/refunds$", status=500, times=50)
    halfway = confirm(desk, one)
    assert f"{held} Ana Stripe has not said yet that its payment is void." in halfway
    assert f"{his} Ben done 15.00 GBP to the card 15.00 GBP due" in halfway
    sandbox.clear_faults()
    assert "Every booking has ended. Refunds that are due are sent by" in confirm(desk, one)
    call_command("submit_refunds", stdout=StringIO())
    assert "Bookings ended 2 of 2 Refunds 1 succeeded Everything is done." in report(desk, one)
    assert is_in_order(one)


def test_a_refund_that_fails_is_shown_with_the_one_that_owes_it_again(
    desk: Client, as_ana: Caller, sandbox: Sandbox
) -> None:
    one = session()
    paid_by_card(as_ana, one, sandbox)
    confirm(desk, one)
    [refund] = sandbox.every("refunds")
    sandbox.control("POST", f"refunds/{refund['id']}/fail")
    for event in sandbox.events("refund.failed"):
        assert tell(event).status_code == 200
    after = report(desk, one)
    assert "Refunds 1 due" in after
    assert re.search(r"15.00 GBP failed \(\w+\) 15.00 GBP due", after)


def test_the_page_answers_in_time_however_much_there_is(
    desk: Client, as_ana: Caller, as_ben: Caller, sandbox: Sandbox
) -> None:
    """Each look at the clock finds ten seconds gone."""
    one = session()
    for caller in (as_ana, as_ben):
        paid_by_card(caller, one, sandbox)
    with freeze_time(timezone.now(), auto_tick_seconds=10):
        assert desk.post(PREVIEW, ids(one)).status_code == 302
    halfway = report(desk, one)
    assert "Bookings ended 1 of 2" in halfway
    assert "[Go on]" in halfway
    assert "Bookings ended 2 of 2" in confirm(desk, one)
    assert is_in_order(one)


# --- Who and how ------------------------------------------------------------------------------------------------------


def test_only_who_may_cancel_sessions_sees_these_pages(carla: Member, as_ana: Caller) -> None:
    one = session(amount=0)
    as_ana.book(one)
    names = ["view_classsession", "change_classsession"]
    carla.user_permissions.set(Permission.objects.filter(codename__in=names))
    desk = Client()
    desk.force_login(carla)
    assert [desk.get(page, ids(one)).status_code for page in (PREVIEW, REPORT)] == [403, 403]
    assert desk.post(PREVIEW, ids(one)).status_code == 403
    form = {"action": "cancel_sessions", "_selected_action": [one.pk]}
    desk.post("/admin/booking/classsession/", form)
    assert PREVIEW not in desk.get(f"/admin/booking/classsession/{one.pk}/change/").content.decode()
    one.refresh_from_db()
    assert (one.status, Booking.objects.get().status) == ("scheduled", "paid")
    assert Client().get(PREVIEW, ids(one)).status_code == 302
    carla.user_permissions.add(Permission.objects.get(codename="cancel_classsession"))
    allowed = Client()
    allowed.force_login(carla)
    assert "Everything is done." in confirm(allowed, one)


def test_the_action_and_the_button_lead_to_the_preview(desk: Client) -> None:
    one, other = session(), session()
    form = {"action": "cancel_sessions", "_selected_action": [one.pk, other.pk]}
    answer = desk.post("/admin/booking/classsession/", form)
    assert sorted(answer["Location"].partition("?ids=")[2].split(",")) == sorted([str(one.pk), str(other.pk)])
    assert set(ClassSession.objects.values_list("status", flat=True)) == {"scheduled"}
    path = f"/admin/booking/classsession/{one.pk}/change/"
    assert f'href="{PREVIEW}?ids={one.pk}"' in desk.get(path).content.decode()
    confirm(desk, one)
    assert f'href="{REPORT}?ids={one.pk}"' in desk.get(path).content.decode()


@pytest.mark.parametrize("asked", ["", "a", "1;2", "-1", "0", "999999", "9" * 30, ",".join(map(str, range(1, 200)))])
def test_an_address_that_names_no_sessions_leads_back_with_a_word(asked: str, desk: Client) -> None:
    one = session()
    for answer in (
        desk.get(PREVIEW, {"ids": asked}, follow=True),
        desk.get(REPORT, {"ids": asked}, follow=True),
        desk.post(PREVIEW, {"ids": asked}, follow=True),
    ):
        text = answer.content.decode()
        assert answer.redirect_chain[-1][0] == "/admin/booking/classsession/"
        assert "sessions do not exist" in text or "Choose from 1 to 100" in text or "names no sessions" in text
    one.refresh_from_db()
    assert one.status == "scheduled"


def test_the_pages_keep_the_strict_policy(desk: Client, as_ana: Caller) -> None:
    one = session(amount=0)
    as_ana.book(one)
    for page in (PREVIEW, REPORT):
        answer = desk.get(page, ids(one))
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert not re.search(
            r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", answer.content.decode().split('id="content"')[1]
        )
