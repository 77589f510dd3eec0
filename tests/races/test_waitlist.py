"""A freed seat belongs to the first in line, whatever else happens at that instant."""

from collections.abc import Sequence

import pytest
from django.utils import timezone

from booking.models import Booking, ClassSession, WaitlistEntry
from members.models import Member
from tests.cast import Caller, Sandbox, seats_match
from tests.races.clients import JSON, Ask, at_once, book, cancel, change, tally
from tests.races.crowd import crowd
from tests.races.server import Server
from tests.races.sizes import CLIENTS

pytestmark = pytest.mark.load
HOLDS = 5


def join(caller: Caller, session: ClassSession) -> Ask:
    return Ask(f"/api/booking/sessions/{session.pk}/waitlist/", {**JSON, **caller.headers})


def leave(caller: Caller, session: ClassSession) -> Ask:
    return Ask(f"/api/booking/sessions/{session.pk}/waitlist/", {**JSON, **caller.headers}, method="DELETE")


def full(session: ClassSession, holders: Sequence[Caller]) -> list[Booking]:
    """A session of which each of them holds a seat by card, and that has no other."""
    ClassSession.objects.filter(pk=session.pk).update(capacity=len(holders))
    for holder in holders:
        assert holder.book(session, "card").status_code == 201
    return list(Booking.objects.order_by("id"))


def queue(session: ClassSession, number: int) -> list[Member]:
    """So many members in line, besides the crowd; in their order."""
    members = [
        Member.objects.create_user(f"waiting{n}@example.com", "waiting-in-line", name=f"Waiting {n}")
        for n in range(number)
    ]
    now = timezone.now()
    WaitlistEntry.objects.bulk_create(
        WaitlistEntry(member=member, session=session, joined_at=now) for member in members
    )
    return members


def offered(session: ClassSession) -> list[int]:
    """Whom the session's seats are offered to, in the order of the line."""
    entries = WaitlistEntry.objects.filter(session=session, offer__status="pending").order_by("id")
    return list(entries.values_list("member_id", flat=True))


def clean(server: Server) -> None:
    server.wait_until_calm()
    assert seats_match()


def test_freed_seats_go_to_the_line_and_to_no_one_who_books_directly(
    server: Server, yoga: ClassSession, sandbox: Sandbox
) -> None:
    everybody = crowd(CLIENTS)
    holders, others = everybody[:HOLDS], everybody[HOLDS:]
    bookings = full(yoga, holders)
    waiting = queue(yoga, HOLDS + 2)
    frees = [cancel(holder, booking) for holder, booking in zip(holders, bookings, strict=True)]
    answers = at_once(server.base, frees + [book(other, yoga, "card") for other in others])
    assert tally(answers) == {(200, ""): HOLDS, (409, "session_full"): len(others)}
    assert offered(yoga) == [member.pk for member in waiting[:HOLDS]]
    clean(server)


def test_a_freed_seat_against_leaving_the_line(server: Server, yoga: ClassSession, sandbox: Sandbox) -> None:
    """Whoever is first when a seat is freed gets it; who leaves at that instant hands it on."""
    holders = crowd(HOLDS)
    bookings = full(yoga, holders)
    waiting = queue(yoga, HOLDS * 2)
    leavers = [Caller(member) for member in waiting[:HOLDS]]
    frees = [cancel(holder, booking) for holder, booking in zip(holders, bookings, strict=True)]
    answers = at_once(server.base, frees + [leave(leaver, yoga) for leaver in leavers])
    assert tally(answers) == {(200, ""): HOLDS, (204, ""): HOLDS}
    assert offered(yoga) == [member.pk for member in waiting[HOLDS:]]
    clean(server)


def test_freed_seats_against_joining(server: Server, yoga: ClassSession, sandbox: Sandbox) -> None:
    """Who joins while the seat is freed gets the offer, or is told that a seat is free: nobody waits beside one."""
    everybody = crowd(CLIENTS)
    holders, others = everybody[:HOLDS], everybody[HOLDS:]
    bookings = full(yoga, holders)
    frees = [cancel(holder, booking) for holder, booking in zip(holders, bookings, strict=True)]
    answers = at_once(server.base, [ask for pair in zip(frees, _joins(others, yoga), strict=False) for ask in pair])
    assert tally(answers).keys() <= {(200, ""), (201, ""), (409, "seats_available")}
    yoga.refresh_from_db()
    waiting = WaitlistEntry.objects.filter(WaitlistEntry.WAITING, session=yoga).count()
    assert not (waiting and yoga.seats_available), f"{waiting} wait beside {yoga.seats_available} free seats"
    clean(server)


def _joins(callers: Sequence[Caller], session: ClassSession) -> list[Ask]:
    return [join(caller, session) for caller in callers]


def test_freed_seats_against_a_raised_capacity(
    server: Server, yoga: ClassSession, sandbox: Sandbox, as_carla: Caller
) -> None:
    holders = crowd(HOLDS)
    bookings = full(yoga, holders)
    waiting = queue(yoga, HOLDS * 3)
    frees = [cancel(holder, booking) for holder, booking in zip(holders, bookings, strict=True)]
    answers = at_once(server.base, [*frees, change(as_carla, yoga, capacity=HOLDS + 3)])
    assert tally(answers) == {(200, ""): HOLDS + 1}
    assert offered(yoga) == [member.pk for member in waiting[: HOLDS + 3]]
    clean(server)


def test_an_offer_is_taken_once_however_often_it_is_asked_for(
    server: Server, yoga: ClassSession, sandbox: Sandbox
) -> None:
    """Two stand in line and one seat is freed: the first takes it, twenty times, the second finds the session full."""
    [holder] = crowd(1)
    [booking] = full(yoga, [holder])
    [first, second] = map(Caller, queue(yoga, 2))
    assert at_once(server.base, [cancel(holder, booking)])[0].status == 200
    answers = at_once(server.base, [book(first, yoga, "card") for _ in range(20)] + [book(second, yoga, "card")])
    assert tally(answers) == {(200, ""): 20, (409, "session_full"): 1}
    secrets = {answer.json["stripe_client_secret"] for answer in answers[:20]}
    assert len(secrets) == len(sandbox.intents()) - 1 == 1
    clean(server)


def test_an_offer_taken_while_it_is_given_up_has_one_end(server: Server, yoga: ClassSession, sandbox: Sandbox) -> None:
    """Taken by card or left: never a seat on offer to the next whose payment is still open."""
    holders = crowd(HOLDS)
    bookings = full(yoga, holders)
    waiting = queue(yoga, HOLDS * 2)
    at_once(server.base, [cancel(holder, booking) for holder, booking in zip(holders, bookings, strict=True)])
    firsts = [Caller(member) for member in waiting[:HOLDS]]
    answers = at_once(server.base, [ask for one in firsts for ask in (book(one, yoga, "card"), leave(one, yoga))])
    for member, taken in zip(waiting[:HOLDS], answers[::2], strict=True):
        mine = Booking.objects.get(member=member, session=yoga)
        assert (mine.status == "pending") == (taken.status == 200), (mine.status, taken)
        assert (mine.payment is not None) == (taken.status == 200)
    yoga.refresh_from_db()
    assert yoga.seats_available == 0
    clean(server)


def test_without_handing_on_a_direct_booking_gets_past_the_line(
    unguarded: Server, yoga: ClassSession, sandbox: Sandbox
) -> None:
    """The seat is given back first and offered a moment later, as a hurried hand would write it."""
    everybody = crowd(20)
    holders, others = everybody[:HOLDS], everybody[HOLDS:]
    bookings = full(yoga, holders)
    queue(yoga, HOLDS)
    frees = [cancel(holder, booking).without("line") for holder, booking in zip(holders, bookings, strict=True)]
    at_once(unguarded.base, frees)
    answers = at_once(unguarded.base, [book(other, yoga, "card") for other in others])
    assert tally(answers)[201, ""] > 0
    assert offered(yoga) == []
