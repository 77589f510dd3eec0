"""Waiting for a full session: the line, the offer of a freed seat, and what becomes of it."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from freezegun import freeze_time

from booking.models import Booking, ClassSession, WaitlistEntry
from members.models import Member
from notifications.models import Message
from payments import intents
from payments.models import Payment
from tests.cast import Caller, Sandbox, age, code, give_credits, intent_of, seats_match, session, tell
from tests.rival import meanwhile


@pytest.fixture
def dan() -> Caller:
    return Caller(Member.objects.create_user("dan@example.com", "dan-and-the-wall", name="Dan"))


@pytest.fixture
def full(ben: Member, as_ben: Caller) -> ClassSession:
    """One seat, and Ben holds it by card."""
    one = session(capacity=1)
    assert as_ben.book(one, "card").status_code == 201
    return one


@pytest.fixture(autouse=True)
def stripe_here(sandbox: Sandbox) -> Sandbox:
    return sandbox


def join(caller: Caller, one: ClassSession) -> Any:
    return caller.post(f"/api/booking/sessions/{one.pk}/waitlist/")


def leave(caller: Caller, one: ClassSession) -> Any:
    return caller.send("DELETE", f"/api/booking/sessions/{one.pk}/waitlist/")


def places(caller: Caller) -> list[Any]:
    return list(caller.get("/api/booking/waitlist/").json()["results"])


def gives_up(caller: Caller) -> Any:
    [reference] = [row["reference"] for row in bookings(caller, status="pending")]
    return caller.post(f"/api/booking/bookings/{reference}/cancel/")


def bookings(caller: Caller, **query: str) -> list[Any]:
    return list(caller.get("/api/booking/bookings/", **query).json()["results"])


def offer_of(caller: Caller) -> Any:
    [place] = [place for place in places(caller) if place["status"] == "offered"]
    return caller.booking(place["booking"])


def kinds(member: Member) -> list[str]:
    return list(Message.objects.filter(member=member).order_by("created_at").values_list("kind", flat=True))


def expire(*args: str) -> str:
    out = StringIO()
    call_command("expire_pending_bookings", *args, stdout=out)
    return out.getvalue()


# --- The line ---------------------------------------------------------------------------------------------------------


def test_the_line_is_joined_in_order_and_left(full: ClassSession, as_ana: Caller, dan: Caller) -> None:
    answer = join(as_ana, full)
    assert (answer.status_code, answer.json()) == (201, {"position": 1})
    assert join(dan, full).json() == {"position": 2}
    [place] = places(dan)
    assert {**place, "joined_at": ""} == {
        "session": full.pk,
        "status": "waiting",
        "position": 2,
        "booking": None,
        "expires_at": None,
        "joined_at": "",
    }
    assert leave(as_ana, full).status_code == 204
    assert places(dan)[0]["position"] == 1
    assert [(place["status"], place["position"]) for place in places(as_ana)] == [("left", None)]
    assert leave(as_ana, full).status_code == 204
    assert join(as_ana, full).json() == {"position": 2}


def test_who_need_not_wait_is_refused(full: ClassSession, as_ana: Caller, as_ben: Caller) -> None:
    join(as_ana, full)
    assert code(join(as_ana, full)) == "already_waiting"
    assert code(join(as_ben, full)) == "already_booked"
    free = session(title="Free seats")
    assert code(join(as_ana, free)) == "seats_available"
    ClassSession.objects.filter(pk=free.pk).update(status="cancelled")
    assert code(join(as_ana, free)) == "session_closed"
    assert join(as_ana, ClassSession(pk=free.pk + 100)).status_code == 404
    assert leave(as_ana, ClassSession(pk=free.pk + 100)).status_code == 404
    assert join(Caller(), full).status_code == 401


def test_a_full_session_says_whether_one_may_wait(full: ClassSession, as_ana: Caller) -> None:
    assert "waitlist is open" in as_ana.book(full, "card").json()["errors"][0]["detail"]
    ClassSession.objects.filter(pk=full.pk).update(starts_at=timezone.now() + timedelta(minutes=29))
    assert "waitlist is closed" in as_ana.book(full, "card").json()["errors"][0]["detail"]
    assert code(join(as_ana, full)) == "waitlist_closed"


def test_the_line_closes_with_the_minute_it_closes_in(as_ana: Caller, as_ben: Caller) -> None:
    free = session(capacity=1, amount=0)
    as_ben.book(free)
    with freeze_time(free.starts_at - timedelta(minutes=30)):
        assert "waitlist is closed" in as_ana.book(free).json()["errors"][0]["detail"]


def test_a_seat_that_is_freed_while_somebody_joins_is_free_however_full_others_are(
    full: ClassSession, as_ana: Caller, as_ben: Caller, dan: Caller
) -> None:
    assert dan.book(session(title="Spin", capacity=1)).status_code == 201
    with meanwhile(lambda: gives_up(as_ben)):
        assert code(join(as_ana, full)) == "seats_available"
    assert places(as_ana) == []
    assert seats_match()


# --- Every path that frees a seat -------------------------------------------------------------------------------------


def given_up(one: ClassSession, sandbox: Sandbox) -> None:
    booking = one.bookings.get(status="pending")
    assert Caller(booking.member).post(f"/api/booking/bookings/{booking.reference}/cancel/").status_code == 200


def expired(one: ClassSession, sandbox: Sandbox) -> None:
    age(one.bookings.get(status="pending").reference, 31)
    assert "1 freed" in expire()


def asked_for_by_the_next(one: ClassSession, sandbox: Sandbox) -> None:
    """Somebody wants the seat of a stale hold: it is freed, and goes to the line."""
    age(one.bookings.get(status="pending").reference, 31)
    eve = Caller(Member.objects.create_user("eve@example.com", "eve-and-the-wall"))
    assert code(eve.book(one, "card")) == "session_full"


def declined(one: ClassSession, sandbox: Sandbox) -> None:
    booking = one.bookings.select_related("payment").get(status="pending")
    sandbox.pays(booking.payment.stripe_intent_id, "pm_card_chargeDeclined")
    [event] = sandbox.events("payment_intent.payment_failed")
    assert tell(event).status_code == 200


def canceled_at_stripe(one: ClassSession, sandbox: Sandbox) -> None:
    sandbox.cancel(one.bookings.select_related("payment").get(status="pending").payment.stripe_intent_id)
    [event] = sandbox.events("payment_intent.canceled")
    assert tell(event).status_code == 200


def more_room(one: ClassSession, sandbox: Sandbox) -> None:
    carla = Caller(Member.objects.create_user("carla@example.com", "carla-at-the-desk", is_staff=True))
    assert carla.patch(f"/api/booking/sessions/{one.pk}/", {"capacity": 2}).status_code == 200


def past_the_line(one: ClassSession, sandbox: Sandbox) -> None:
    """A hand in the database frees a seat; the command's sweep finds it."""
    ClassSession.objects.filter(pk=one.pk).update(capacity=2)
    assert "1 free seats offered" in expire()
    assert "offered" not in expire()


PATHS = [given_up, expired, asked_for_by_the_next, declined, canceled_at_stripe, more_room, past_the_line]


@pytest.mark.parametrize("freed_by", PATHS, ids=lambda path: path.__name__)
def test_a_freed_seat_is_offered_to_the_first_in_line(
    freed_by: Any, full: ClassSession, as_ana: Caller, ana: Member, dan: Caller, sandbox: Sandbox
) -> None:
    join(as_ana, full)
    join(dan, full)
    freed_by(full, sandbox)
    # A void may still be under way in the background.
    offer = eventually(lambda: offer_of(as_ana))
    assert (offer["status"], offer["session"], offer["paid_with"]) == ("pending", full.pk, None)
    assert as_ana.history(offer["reference"]) == [(None, "pending", "offer")]
    assert places(dan)[0]["position"] == 1
    assert kinds(ana) == ["waitlist_offer"]
    assert seats_match()
    full.refresh_from_db()
    assert full.seats_available == 0
    assert code(Caller(Member.objects.create_user("fay@example.com", "fay-and-the-wall")).book(full)) == "session_full"


def eventually(look: Any) -> Any:
    assert intents.lane.wait(20)
    return look()


def test_many_stale_holds_with_a_line_behind_them_are_a_full_session(as_ana: Caller) -> None:
    """Each hold that is ended for Ana frees a seat, and each of these seats is somebody else's."""
    one = session(capacity=7)
    members = [Member.objects.create_user(f"m{n}@example.com", "some-long-password") for n in range(14)]
    for holder in members[:7]:
        age(Caller(holder).book(one, "card").json()["reference"], 31)
    for waiting in members[7:]:
        assert join(Caller(waiting), one).status_code == 201
    assert code(as_ana.book(one, "card")) == "session_full"
    assert Booking.objects.filter(status="pending", payment=None).count() == 3
    assert seats_match()


def test_a_booking_that_was_never_paid_hands_its_seat_on(full: ClassSession, as_ana: Caller, ben: Member) -> None:
    """Paid by mistake in our rows, never at Stripe: it is taken back, and Ana is next."""
    join(as_ana, full)
    now = timezone.now()
    Payment.objects.update(status="paid", amount_received=1500, ended_at=now)
    Booking.objects.update(status="paid", paid_with="card", paid_at=now)
    with suppress(SystemExit):
        call_command("reconcile_payments", fix=True, patience=0, stdout=StringIO())
    assert Booking.objects.get(member=ben).status == "cancelled"
    assert offer_of(as_ana)["status"] == "pending"
    assert seats_match()


# --- The offer --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "minutes"), [(48, 120), (4, 120), (3, 90), (1, 30), (0.6, 18)], ids=lambda number: str(number)
)
def test_an_offer_stands_as_long_as_the_start_allows(
    hours: float, minutes: float, as_ana: Caller, as_ben: Caller
) -> None:
    now = datetime(2026, 7, 1, 9, tzinfo=UTC)
    with freeze_time(now):
        one = session(capacity=1, starts_at=now + timedelta(hours=hours))
        as_ben.book(one, "card")
        join(as_ana, one)
        gives_up(as_ben)
        expires_at = datetime.fromisoformat(offer_of(as_ana)["expires_at"])
    assert expires_at - now == timedelta(minutes=minutes)


def test_an_offer_is_taken_with_credits(
    full: ClassSession, as_ana: Caller, as_ben: Caller, ana: Member, sandbox: Sandbox
) -> None:
    give_credits(ana, 3)
    join(as_ana, full)
    gives_up(as_ben)
    reference = offer_of(as_ana)["reference"]
    answer = as_ana.book(full, key="mine")
    assert answer.status_code == 200
    taken = answer.json()
    assert (taken["reference"], taken["status"], taken["paid_with"]) == (reference, "paid", "credits")
    assert (taken["credits_spent"], taken["amount"]) == (1, 0)
    assert as_ana.history(reference) == [(None, "pending", "offer"), ("pending", "paid", "credits")]
    assert places(as_ana)[0]["status"] == "taken"
    assert as_ana.get("/api/payments/credits/").json()["balance"] == 2
    assert as_ana.book(full, key="mine").json() == taken
    assert code(as_ana.book(full)) == "already_booked"
    assert kinds(ana) == ["waitlist_offer", "booking_paid"]
    assert seats_match()


def test_an_offer_is_taken_by_card(full: ClassSession, as_ana: Caller, as_ben: Caller, sandbox: Sandbox) -> None:
    join(as_ana, full)
    gives_up(as_ben)
    offer = offer_of(as_ana)
    answer = as_ana.book(full, "card", key="mine")
    assert answer.status_code == 200
    assert answer.json()["reference"] == offer["reference"]
    assert answer.json()["expires_at"] == offer["expires_at"]
    again = as_ana.book(full, "card", key="mine")
    assert again.json()["stripe_client_secret"] == answer.json()["stripe_client_secret"]
    assert sandbox.intent(intent_of(answer))["amount"] == 1500
    sandbox.pays(intent_of(answer))
    [event] = sandbox.events("payment_intent.succeeded")
    tell(event)
    assert as_ana.booking(offer["reference"])["status"] == "paid"
    assert seats_match()


def test_an_offer_of_a_free_session_is_taken_for_nothing(as_ana: Caller, as_ben: Caller, ana: Member) -> None:
    one = session(capacity=1)
    as_ben.book(one, "card")
    join(as_ana, one)
    ClassSession.objects.filter(pk=one.pk).update(amount=0)
    gives_up(as_ben)
    assert as_ana.book(one).json()["paid_with"] == "free"
    assert seats_match()


def test_an_offer_that_cannot_be_paid_with_credits_stands(full: ClassSession, as_ana: Caller, as_ben: Caller) -> None:
    join(as_ana, full)
    gives_up(as_ben)
    assert code(as_ana.book(full, "credits")) == "insufficient_credits"
    assert offer_of(as_ana)["status"] == "pending"


def test_the_last_minutes_of_an_offer_leave_time_to_pay(full: ClassSession, as_ana: Caller, as_ben: Caller) -> None:
    join(as_ana, full)
    gives_up(as_ben)
    Booking.objects.filter(status="pending").update(expires_at=timezone.now() + timedelta(minutes=1))
    expires_at = datetime.fromisoformat(as_ana.book(full, "card").json()["expires_at"])
    assert expires_at - timezone.now() > timedelta(minutes=29)


def test_a_lapsed_offer_goes_to_the_next(
    full: ClassSession, as_ana: Caller, as_ben: Caller, ana: Member, dan: Caller
) -> None:
    join(as_ana, full)
    join(dan, full)
    gives_up(as_ben)
    reference = offer_of(as_ana)["reference"]
    age(reference, 121)
    assert "1 freed" in expire()
    lapsed = as_ana.booking(reference)
    assert (lapsed["status"], lapsed["ended_reason"]) == ("freed", "offer_lapsed")
    assert places(as_ana)[0]["status"] == "lapsed"
    assert kinds(ana) == ["waitlist_offer", "offer_lapsed"]
    assert offer_of(dan)["status"] == "pending"
    assert seats_match()
    assert join(as_ana, full).json() == {"position": 1}


def test_a_lapsed_offer_goes_to_the_next_however_old_the_holds_are_that_a_run_ends(
    full: ClassSession, as_ana: Caller, as_ben: Caller, dan: Caller
) -> None:
    """`--minutes` is about holds by card; whose cron job says it would hand no seat on, ever."""
    join(as_ana, full)
    join(dan, full)
    gives_up(as_ben)
    assert "0 stale" in expire("--minutes", "1")
    age(offer_of(as_ana)["reference"], 121)
    assert "1 freed" in expire("--minutes", "300")
    assert offer_of(dan)["status"] == "pending"
    assert seats_match()


@pytest.mark.parametrize("how", ["erased", "deactivated"])
def test_the_offer_of_who_is_gone_goes_to_the_next(
    full: ClassSession, as_ana: Caller, as_ben: Caller, ana: Member, dan: Caller, how: str
) -> None:
    """Nobody can take it any more, and until its time is over it would stand in the way of who waits."""
    join(as_ana, full)
    join(dan, full)
    gives_up(as_ben)
    assert offer_of(as_ana)["status"] == "pending"
    if how == "erased":
        assert as_ana.send("DELETE", "/api/members/me/").status_code == 204
    else:
        Member.objects.filter(pk=ana.pk).update(is_active=False)
    assert "1 freed" in expire()
    assert offer_of(dan)["status"] == "pending"
    assert seats_match()


def test_a_hold_is_as_old_as_its_payment_however_old_the_offer_was(
    full: ClassSession, as_ana: Caller, as_ben: Caller
) -> None:
    """Or who took the offer late would be kept from paying a minute after they began to."""
    join(as_ana, full)
    gives_up(as_ben)
    reference = offer_of(as_ana)["reference"]
    age(reference, 40)
    assert as_ana.book(full, "card").json()["reference"] == reference
    assert "0 stale" in expire("--minutes", "30")
    Payment.objects.update(created_at=timezone.now() - timedelta(minutes=31))
    assert "1 freed" in expire("--minutes", "30")
    assert seats_match()


def test_a_lapsed_offer_goes_to_the_next_while_stripe_is_silent(
    full: ClassSession, as_ana: Caller, as_ben: Caller, dan: Caller, sandbox: Sandbox, settings: Any
) -> None:
    """However many stale holds stand before it: it needs no word of Stripe's."""
    settings.MAX_HOLDS_PER_MEMBER = 10
    join(as_ana, full)
    join(dan, full)
    gives_up(as_ben)
    for _ in range(6):
        age(as_ben.book(session(title="Spin"), "card").json()["reference"], 200)
    age(offer_of(as_ana)["reference"], 121)
    sandbox.fault("status_before", "/cancel$", status=500, times=100)
    with suppress(SystemExit):
        expire("--workers", "1")
    assert offer_of(dan)["status"] == "pending"
    journal = sandbox.control("GET", "requests")["requests"]
    assert sum(row["path"].endswith("/cancel") and row["status"] == 500 for row in journal) == 10
    assert seats_match()


def test_an_offer_is_not_taken_when_its_time_is_over(
    full: ClassSession, as_ana: Caller, as_ben: Caller, ana: Member, dan: Caller
) -> None:
    """Also before the command has come by: the seat goes to the next, and Ana is too late."""
    give_credits(ana, 1)
    join(as_ana, full)
    join(dan, full)
    gives_up(as_ben)
    age(offer_of(as_ana)["reference"], 121)
    assert code(as_ana.book(full)) == "session_full"
    assert offer_of(dan)["status"] == "pending"
    [over] = bookings(as_ana)
    assert (over["status"], over["ended_reason"]) == ("freed", "offer_lapsed")
    assert "offer_lapsed" in kinds(ana)
    assert seats_match()


def test_an_offer_is_over_in_the_moment_it_was_said_to_end(
    full: ClassSession, as_ana: Caller, as_ben: Caller, ana: Member
) -> None:
    give_credits(ana, 1)
    join(as_ana, full)
    gives_up(as_ben)
    ends = datetime.fromisoformat(offer_of(as_ana)["expires_at"])
    with freeze_time(ends):
        assert as_ana.book(full).status_code == 201, "whose seat went back may book it anew"
    assert sorted(row["status"] for row in bookings(as_ana)) == ["freed", "paid"]


@pytest.mark.parametrize("how", ["leave", "cancel"])
def test_an_offer_is_given_up(how: str, full: ClassSession, as_ana: Caller, as_ben: Caller, dan: Caller) -> None:
    join(as_ana, full)
    join(dan, full)
    gives_up(as_ben)
    reference = offer_of(as_ana)["reference"]
    answer = leave(as_ana, full) if how == "leave" else gives_up(as_ana)
    assert answer.status_code in (200, 204)
    assert as_ana.booking(reference)["ended_reason"] == "member"
    assert offer_of(dan)["status"] == "pending"
    assert seats_match()


def test_no_offers_are_made_shortly_before_the_start(full: ClassSession, as_ana: Caller, as_ben: Caller) -> None:
    join(as_ana, full)
    ClassSession.objects.filter(pk=full.pk).update(starts_at=timezone.now() + timedelta(minutes=29))
    gives_up(as_ben)
    assert places(as_ana)[0]["status"] == "waiting"
    assert expire().startswith("expire_pending_bookings: 0 stale")
    full.refresh_from_db()
    assert full.seats_available == 1
    assert as_ben.book(full, "card").status_code == 201


def test_who_cannot_come_any_more_is_passed_over(
    full: ClassSession, as_ana: Caller, ana: Member, as_ben: Caller, ben: Member, dan: Caller
) -> None:
    join(as_ana, full)
    join(dan, full)
    ana.is_active = False
    ana.save()
    gives_up(as_ben)
    assert offer_of(dan)["status"] == "pending"


def test_who_has_booked_otherwise_waits_no_longer(
    full: ClassSession, as_ana: Caller, ana: Member, as_ben: Caller, dan: Caller
) -> None:
    join(as_ana, full)
    join(dan, full)
    ClassSession.objects.filter(pk=full.pk).update(capacity=2)
    assert as_ana.book(full, "card").status_code == 201
    gives_up(as_ben)
    assert places(as_ana)[0]["status"] == "left"
    assert offer_of(dan)["status"] == "pending"
    assert seats_match()


def test_a_raised_capacity_offers_every_new_seat_in_order(
    full: ClassSession, as_ana: Caller, dan: Caller, as_carla: Caller
) -> None:
    join(as_ana, full)
    join(dan, full)
    assert as_carla.patch(f"/api/booking/sessions/{full.pk}/", {"capacity": 4}).json()["seats_available"] == 1
    assert offer_of(as_ana)["status"] == offer_of(dan)["status"] == "pending"
    assert seats_match()


def test_who_joins_while_the_capacity_is_raised_is_offered_a_new_seat(
    full: ClassSession, as_ana: Caller, as_carla: Caller
) -> None:
    """The line was empty when it was looked at, and the session still full when Ana joined it.

    On SQLite nobody joins between the two: there she is quicker than both.
    """
    looked: list[Callable[[], object]] = [] if connection.vendor == "sqlite" else [lambda: None]
    with meanwhile(*looked, lambda: join(as_ana, full), before="SAVEPOINT"):
        raised = as_carla.patch(f"/api/booking/sessions/{full.pk}/", {"capacity": 3})
    assert (raised.status_code, raised.json()["seats_available"]) == (200, 1)
    assert offer_of(as_ana)["status"] == "pending"
    assert seats_match()


def test_a_session_moved_to_the_past_offers_nothing(full: ClassSession, as_ana: Caller, as_carla: Caller) -> None:
    join(as_ana, full)
    past = {"starts_at": "2026-01-01T10:00:00Z", "ends_at": "2026-01-01T11:00:00Z", "capacity": 2}
    assert as_carla.patch(f"/api/booking/sessions/{full.pk}/", past).status_code == 200
    assert places(as_ana)[0]["status"] == "waiting"
    assert seats_match()


def test_an_offer_does_not_count_among_the_holds(as_ana: Caller, as_ben: Caller, settings: Any) -> None:
    settings.MAX_HOLDS_PER_MEMBER = 1
    one = session(capacity=1)
    as_ben.book(one, "card")
    join(as_ana, one)
    gives_up(as_ben)
    assert as_ana.book(session(title="Spin"), "card").status_code == 201
    assert code(as_ana.book(one, "card")) == "too_many_holds"
    assert offer_of(as_ana)["status"] == "pending"


def test_nobody_sees_anothers_place(full: ClassSession, as_ana: Caller, dan: Caller) -> None:
    join(as_ana, full)
    assert places(dan) == []
    assert WaitlistEntry.objects.count() == 1
