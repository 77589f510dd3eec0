"""A member's page for staff: what it shows, to whom, and the notes on it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from booking import person
from booking.models import Booking, ClassSession, WaitlistEntry
from members.models import Member, MemberNote, StaffAct
from notifications.models import Message
from payments.models import CreditEntry, CreditLot, PackPurchase, Payment, Refund
from tests.booking.counter import act, fill, form, log, offers, page, shown, staff
from tests.cast import Caller, Sandbox, give_credits, paid_by_card, session
from tests.members import life
from tests.payments.counter import buy, pack

PERMISSIONS = {
    "booking.view_booking": "Bookings",
    "booking.view_waitlistentry": "Waitlist",
    "payments.view_creditlot": "Credits",
    "payments.view_payment": "Payments",
    "payments.view_packpurchase": "Packs",
    "notifications.view_message": "Messages",
    "members.view_membernote": "Notes",
}


@pytest.fixture
def regular(as_ana: Caller, ana: Member, sandbox: Sandbox) -> Member:
    """Ana, who has done a little of everything."""
    paid_by_card(as_ana, session(title="Climbing"), sandbox)
    give_credits(ana, 3)
    as_ana.book(session(title="Yoga in the park"), "credits")
    over = as_ana.book(session(title="Long ago"), "credits").json()["reference"]
    Booking.objects.filter(reference=over).update(checked_in_at=timezone.now())
    ClassSession.objects.filter(title="Long ago").update(starts_at=timezone.now() - timedelta(days=9))
    WaitlistEntry.objects.create(member=ana, session=session(title="Full house"), joined_at=timezone.now())
    buy(as_ana, pack(name="Ten classes"))
    return ana


def test_the_page_shows_everything_there_is_of_a_member(desk: Client, regular: Member) -> None:
    text = shown(desk, regular)
    for part in ("Ana", "ana@example.com", "+447700900123", "active", "Full house", "waiting", "Ten classes",
                 "card, 15.00 GBP", "1 credit", "checked in", "<strong>1</strong> can be spent now",
                 "you are booked: Climbing", "1 of 3"):  # fmt: skip
        assert part in text, part
    assert text.index(">Coming<") < text.index("Climbing</a>") < text.index(">Past<") < text.index("Long ago</a>")
    rows = person.ledger(regular, now=timezone.now()).entries.rows
    assert [(entry.credits, after) for entry, after in rows] == [(-1, 1), (-1, 2), (3, 3)]


def test_what_has_gone_back_and_what_is_left_stand_beside_the_payment(desk: Client, regular: Member) -> None:
    payment = Payment.objects.get(status="paid")
    values: dict[str, Any] = {"payment": payment, "currency": "gbp", "due_at": timezone.now()}
    for status, amount in (("succeeded", 400), ("failed", 300), ("due", 100)):
        Refund.objects.create(
            key=status, status=status, amount=amount, reason="staff", created_at=timezone.now(), **values
        )
    text = shown(desk, regular)
    assert "4.00 GBP succeeded (staff" in text
    assert "3.00 GBP failed (staff" in text
    assert '<td data-label="Left">10.00 GBP' in text
    [paid] = [one for one in person.payments(regular).rows if one.payment == payment]
    assert paid.left == 1000


def test_every_list_leads_to_all_of_its_rows_and_of_nobody_elses(
    desk: Client, regular: Member, as_ben: Caller, ben: Member
) -> None:
    give_credits(ben, 7)
    as_ben.book(session(title="Of Ben"), "credits")
    text = shown(desk, regular)
    links = {part.split('"')[0] for part in text.split('href="') if "member__id__exact" in part.split('"')[0]}
    assert len(links) == 7
    for link in links:
        answer = desk.get(link)
        assert answer.status_code == 200, link
        rows = list(answer.context["cl"].result_list)
        assert {row.lot.member if "entry" in link and "lot" in link else row.member for row in rows} == {regular}, link


def test_the_page_is_reached_from_members_and_from_bookings(desk: Client, regular: Member) -> None:
    for where in ("members/member/", f"members/member/{regular.pk}/change/", "booking/booking/"):
        assert f'href="{page(regular)}"' in desk.get(f"/admin/{where}").content.decode(), where
    assert desk.get("/admin/members/member/add/").status_code == 200


def test_a_long_life_costs_the_same_queries_and_shows_the_latest_fifty(
    desk: Client, ana: Member, django_assert_num_queries: Any
) -> None:
    add_rows(ana, 1)
    with CaptureQueriesContext(connection) as few:
        desk.get(page(ana))
    add_rows(ana, 30)
    with django_assert_num_queries(len(few)):
        assert "the latest fifty" not in shown(desk, ana)
    add_rows(ana, 25)
    with django_assert_num_queries(len(few)):
        text = shown(desk, ana)
    assert text.count("the latest fifty") == 6
    assert text.count("The latest fifty") == 1


def add_rows(member: Member, number: int) -> None:
    """So many more of everything."""
    now = timezone.now()
    one = session(title="Endless", capacity=1000)
    shelf, first = pack(name="Endless"), Booking.objects.count()
    staff_member = Member.objects.get(email="carla@example.com")
    for index in range(first, first + number):
        days = timedelta(days=1 if index % 2 else -1)
        then = session(starts_at=now + days)
        reference = f"{index:08}"
        money: dict[str, Any] = {"member": member, "amount": 1500, "currency": "gbp", "created_at": now}
        Booking.objects.create(reference=reference, session=then, status="freed", pay_with="card", **money)
        Booking.objects.create(reference=f"A{index:07}", session=one, status="freed", pay_with="card", **money)
        payment = Payment.objects.create(
            subject=f"purchase:{reference}", description="Pack", status="paid", amount_received=1500, **money
        )
        Refund.objects.create(
            payment=payment, key=reference, amount=1, currency="gbp", reason="staff", due_at=now, created_at=now
        )
        give_credits(member, 1)
        PackPurchase.objects.create(
            reference=reference, pack=shelf, name="Pack", credits=1, valid_days=1, status="freed", payment=payment,
            expires_at=now, **money,
        )  # fmt: skip
        Message.objects.create(
            kind="hold_expired", subject=reference, member=member, due_at=now, created_at=now, status="sent",
            variables={"name": "A", "title": "B", "start": "C"},
        )  # fmt: skip
        WaitlistEntry.objects.create(member=member, session=then, joined_at=now)
        MemberNote.objects.create(member=member, text=reference, by=staff_member, at=now)


@pytest.mark.parametrize("missing", [None, *PERMISSIONS])
def test_each_part_is_for_whoever_may_see_its_rows(regular: Member, missing: str | None) -> None:
    browser = staff("members.view_member", *(name for name in PERMISSIONS if name != missing))
    text = shown(browser, regular)
    for permission, title in PERMISSIONS.items():
        assert (f">{title}</h2>" in text) == (permission != missing), title
    assert "<form" not in text.split('class="person"')[1]


def test_the_page_is_for_staff_who_may_see_members(regular: Member, as_ana: Caller) -> None:
    visitor = Client()
    for browser in (Client(), visitor):
        assert browser.get(page(regular)).status_code == 302
        visitor.force_login(regular)
    assert staff("booking.view_booking").get(page(regular)).status_code == 403
    desk = staff("members.change_member")
    assert desk.get(page(regular)).status_code == 200
    assert desk.post(page(regular)).status_code == 405
    for nobody in (0, 999_999, 10**30):
        assert desk.get(f"/admin/people/{nobody}/").status_code == 404


def test_a_note_is_added_once_and_stands_there_with_who_and_when(desk: Client, ana: Member, carla: Member) -> None:
    given = form(shown(desk, ana), "note") | {"text": "Bad knee.\nAsks for a mat."}
    assert act(desk, ana, "note", given) == "The note was added."
    assert act(desk, ana, "note", given) == "This note is there already."
    note = MemberNote.objects.get()
    assert (note.member, note.by, note.text) == (ana, carla, "Bad knee.\nAsks for a mat.")
    assert "Bad knee.<br>Asks for a mat." in shown(desk, ana)
    [line] = StaffAct.objects.all()
    assert (line.act, line.subject, line.actor, line.after) == ("note", f"member:{ana.pk}", carla, {"note": note.pk})
    assert fill(desk, ana, "note", text=note.text) == "The note was added."
    assert MemberNote.objects.count() == 2


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"text": ""}, "Note: This field is required."),
        ({"text": "  \n "}, "Note: This field is required."),
        ({"text": "x" * 1001}, "at most 1000 characters"),
        ({"text": "a\0b"}, "Null characters are not allowed."),
        ({"seen": "-1"}, "greater than or equal to 0"),
        ({"seen": "x"}, "Enter a whole number."),
    ],
    ids=["empty", "blank", "too long", "null", "negative", "no number"],
)
def test_a_note_that_cannot_be_is_refused_in_words(desk: Client, ana: Member, given: dict[str, str], told: str) -> None:
    answer = act(desk, ana, "note", {"seen": "0", "text": "A note"} | given)
    assert answer.startswith("Nothing was changed.")
    assert told in answer
    assert (MemberNote.objects.count(), log()) == (0, [])


def test_what_people_write_is_shown_and_never_run(desk: Client, ana: Member) -> None:
    script = "<script>alert(1)</script>"
    Member.objects.update(name=f"Ana{script}")
    fill(desk, ana, "note", text=f'"><img src=x onerror=alert(1)>{script}')
    give = CreditLot.objects.create(member=ana, granted=1, remaining=1, note=script, created_at=timezone.now())
    CreditEntry.objects.create(lot=give, kind="granted", credits=1, created_at=timezone.now())
    Message.objects.create(
        kind="hold_expired", subject=script, member=ana, due_at=timezone.now(), created_at=timezone.now(),
        variables={"name": script, "title": "{name.__class__}", "start": script}, status="sent", reason=script,
    )  # fmt: skip
    text = shown(desk, ana)
    assert "alert(1)" in text
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "{name.__class__}" in text
    for listing in ("members/member/", "booking/booking/"):
        assert "<script>alert" not in desk.get(f"/admin/{listing}").content.decode()


def test_a_message_that_the_catalogue_no_longer_knows_is_shown_without_its_text(desk: Client, ana: Member) -> None:
    now = timezone.now()
    for kind in ("hold_expired", "carrier_pigeon"):
        Message.objects.create(kind=kind, subject="x", member=ana, variables={}, due_at=now, created_at=now)
    assert "carrier_pigeon" in shown(desk, ana)


@pytest.mark.parametrize("permission", ["members.view_membernote", "members.change_member"])
def test_who_may_not_add_notes_adds_none(ana: Member, permission: str) -> None:
    browser = staff("members.view_member", permission)
    assert browser.post(f"{page(ana)}note/", {"seen": 0, "text": "No"}).status_code == 403
    assert MemberNote.objects.count() == 0
    assert not offers(shown(browser, ana), "note")
    assert browser.get(f"{page(ana)}note/").status_code == 405
    writer = staff("members.view_member", "members.add_membernote")
    assert fill(writer, ana, "note", text="Yes") == "The note was added."


def test_of_an_erased_member_the_books_remain_and_nothing_brings_them_back(desk: Client, sandbox: Sandbox) -> None:
    caller = life.sign_up()
    member = life.live(caller, sandbox)
    given = form(shown(desk, member), "note") | {"text": "Knee again"}
    assert caller.send("DELETE", "/api/members/me/").status_code == 204
    text = shown(desk, member)
    for part in (">erased<", "Paid by card", "15.00 GBP", "credit"):
        assert part in text
    for part in ("Anastasia", "Quill", life.EMAIL, "knee", "erased.invalid"):
        assert part not in text.split('class="person"')[1], part
    assert not offers(text, "note")
    done = log()
    assert "This member was erased" in act(desk, member, "note", given)
    assert (MemberNote.objects.count(), log()) == (0, done)
