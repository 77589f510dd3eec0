"""Staff grant credits and take them back on a member's page: once, for a reason, and nothing is edited."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from boundary import studio_clock
from members.models import Member, StaffAct
from payments import credits
from payments.exceptions import LedgerMoved
from payments.models import CreditEntry, CreditLot
from tests.booking.counter import act, at_once, fill, form, log, offers, page, shown, staff
from tests.cast import Caller, Sandbox, give_credits, session
from tests.members import life
from tests.payments.counter import balance, moves

pytestmark = pytest.mark.usefixtures("laws")


def grant(desk: Client, ana: Member, number: Any = 3, **given: Any) -> str:
    return fill(desk, ana, "grant", **{"credits": number, "last_day": "", "reason": "A birthday"} | given)


def correct(desk: Client, ana: Member, number: Any = 1, **given: Any) -> str:
    return fill(desk, ana, "correct", **{"credits": number, "lot": "", "reason": "Granted twice"} | given)


def days(number: int) -> Any:
    return timezone.now() + timedelta(days=number)


def left() -> list[int]:
    return list(CreditLot.objects.order_by("id").values_list("remaining", flat=True))


# --- Granting ---------------------------------------------------------------------------------------------------------


def test_credits_are_granted_with_a_reason(desk: Client, as_ana: Caller, ana: Member, carla: Member) -> None:
    give_credits(ana, 2)
    assert grant(desk, ana) == "Credits granted: 3."
    assert (balance(as_ana), credits.balance(ana, at=timezone.now())) == (5, 5)
    lot = CreditLot.objects.get(granted=3)
    assert (lot.member, lot.granted_by, lot.note, lot.expires_at) == (ana, carla, "A birthday", None)
    line = StaffAct.objects.get()
    assert (line.act, line.subject, line.actor, line.reason) == ("grant_credits", f"member:{ana.pk}", carla, lot.note)
    assert (line.before, line.after) == ({"balance": 2}, {"balance": 5, "lot": lot.pk, "expires_at": None})


def test_a_grant_sent_twice_is_granted_once(desk: Client, ana: Member) -> None:
    given = form(shown(desk, ana), "grant") | {"credits": 3, "reason": "A birthday"}
    assert act(desk, ana, "grant", given) == "Credits granted: 3."
    assert act(desk, ana, "grant", given) == "These credits were granted already."
    assert act(desk, ana, "grant", given | {"credits": 4}).startswith("Nothing was changed.")
    at_once(*[lambda: desk.post(f"{page(ana)}grant/", given)] * 8)
    assert (moves(), log()) == ([("granted", 3)], [("grant_credits", f"member:{ana.pk}")])


def test_they_can_be_used_until_the_last_day_is_over_on_the_studios_clock(desk: Client, ana: Member) -> None:
    today = studio_clock.today(timezone.now())
    assert grant(desk, ana, last_day=f"{today}") == "Credits granted: 3."
    expires_at = CreditLot.objects.get().expires_at
    assert expires_at is not None
    there = timezone.localtime(expires_at, ZoneInfo("Europe/London"))
    assert (there.date(), there.hour, there.minute) == (today + timedelta(days=1), 0, 0)


CANNOT_BE = {
    "no credits": {"credits": "0"},
    "a negative number": {"credits": "-1"},
    "a part": {"credits": "1.5"},
    "too many": {"credits": "100001"},
    "an empty number": {"credits": ""},
    "no number": {"credits": "x"},
    "no reason": {"reason": ""},
    "a blank reason": {"reason": " "},
    "a long reason": {"reason": "x" * 201},
    "a null in the reason": {"reason": "a\0"},
    "another key": {"key": "x"},
    "no key": {"key": ""},
    "a day that is over": {"last_day": "2020-01-01"},
    "a day that never is": {"last_day": "2026-02-30"},
    "a day too far": {"last_day": "9999-12-31"},
}


@pytest.mark.parametrize("given", CANNOT_BE.values(), ids=CANNOT_BE)
def test_a_grant_that_cannot_be_changes_nothing(desk: Client, ana: Member, given: dict[str, str]) -> None:
    assert grant(desk, ana, **{"number": given.get("credits", 3)} | given).startswith("Nothing was changed.")
    assert (moves(), log()) == ([], [])


# --- Taking back ------------------------------------------------------------------------------------------------------


def test_a_correction_is_an_entry_of_its_own(desk: Client, as_ana: Caller, ana: Member, carla: Member) -> None:
    give_credits(ana, 5)
    assert correct(desk, ana, 2) == "Credits taken back: 2."
    assert (balance(as_ana), moves(), left()) == (3, [("granted", 5), ("corrected", -2)], [3])
    told = as_ana.get("/api/payments/credits/").json()["entries"][0]
    assert (told["kind"], told["credits"], told["subject"]) == ("corrected", -2, None)
    line = StaffAct.objects.get()
    assert (line.act, line.subject, line.actor) == ("correct_credits", f"member:{ana.pk}", carla)
    assert (line.before, line.after, line.reason) == ({"balance": 5}, {"balance": 3, "lot": None}, "Granted twice")


def test_it_takes_from_the_lots_as_bookings_do(desk: Client, ana: Member) -> None:
    give_credits(ana, 2)
    give_credits(ana, 2, expires_at=days(30))
    give_credits(ana, 2, expires_at=days(3))
    correct(desk, ana, 3)
    assert left() == [2, 1, 0]
    assert moves()[3:] == [("corrected", -2), ("corrected", -1)]
    correct(desk, ana, 3)
    assert (left(), len(moves())) == ([0, 0, 0], 7)


def test_or_from_one_lot_alone(desk: Client, ana: Member) -> None:
    for expires_at in (None, days(3)):
        give_credits(ana, 2, expires_at=expires_at)
    first = CreditLot.objects.get(expires_at=None)
    assert correct(desk, ana, 3, lot=first.pk) == "Nothing was changed. Only 2 can be taken back."
    assert correct(desk, ana, 2, lot=first.pk) == "Credits taken back: 2."
    assert left() == [0, 2]
    assert StaffAct.objects.get().after == {"balance": 2, "lot": first.pk}


def test_never_more_than_can_be_spent(desk: Client, ana: Member) -> None:
    give_credits(ana, 2)
    give_credits(ana, 4, expires_at=days(3))
    CreditLot.objects.filter(granted=4).update(expires_at=days(-1))
    assert correct(desk, ana, 3) == "Nothing was changed. Only 2 can be taken back."
    assert (left(), log()) == ([2, 4], [])
    assert correct(desk, ana, 2) == "Credits taken back: 2."
    assert not offers(shown(desk, ana), "correct")


def test_a_correction_sent_twice_takes_once(desk: Client, ana: Member) -> None:
    give_credits(ana, 9)
    given = form(shown(desk, ana), "correct") | {"credits": 2, "lot": "", "reason": "Granted twice"}
    assert act(desk, ana, "correct", given) == "Credits taken back: 2."
    assert act(desk, ana, "correct", given) == "These credits were taken back already."
    assert "have moved since you looked" in act(desk, ana, "correct", given | {"credits": 3})
    assert (left(), log()) == ([7], [("correct_credits", f"member:{ana.pk}")])


def test_a_page_of_before_something_moved_takes_nothing(desk: Client, as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 5)
    given = form(shown(desk, ana), "correct") | {"credits": 1, "lot": "", "reason": "Granted twice"}
    as_ana.book(session(), "credits")
    assert "have moved since you looked" in act(desk, ana, "correct", given)
    assert correct(desk, ana) == "Credits taken back: 1."
    assert left() == [3]


def test_twenty_corrections_at_once_take_once(desk: Client, ana: Member) -> None:
    give_credits(ana, 30)
    given = form(shown(desk, ana), "correct") | {"credits": 2, "lot": "", "reason": "Granted twice"}
    at_once(*[lambda: desk.post(f"{page(ana)}correct/", given)] * 20)
    assert (left(), len(log())) == ([28], 1)


def test_a_correction_and_bookings_at_once_never_go_below_nothing(desk: Client, as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 3)
    given = form(shown(desk, ana), "correct") | {"credits": 2, "lot": "", "reason": "Granted twice"}
    classes = [session() for _ in range(3)]
    booked = [lambda one=one: as_ana.book(one, "credits") for one in classes]
    at_once(lambda: desk.post(f"{page(ana)}correct/", given), *booked)
    assert left()[0] in (0, 1)
    assert sum(number for _, number in moves()) == left()[0]


def test_what_was_booked_before_comes_back_in_full(desk: Client, as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 3)
    reference = as_ana.book(session(), "credits").json()["reference"]
    correct(desk, ana, 2)
    assert as_ana.post(f"/api/booking/bookings/{reference}/cancel/").status_code == 200
    assert (balance(as_ana), left()) == (1, [1])


def test_the_lots_and_moves_of_another_member_are_not_theirs(desk: Client, ana: Member, ben: Member) -> None:
    give_credits(ana, 5)
    give_credits(ben, 5)
    of_ben = CreditLot.objects.get(member=ben)
    assert "Only 0 can be taken back" in correct(desk, ana, 1, lot=of_ben.pk)
    given = form(shown(desk, ana), "correct")
    assert int(given["seen"]) == CreditEntry.objects.get(lot__member=ana).pk
    assert "Only 5 can be taken back" in act(desk, ben, "correct", given | {"credits": 6, "reason": "x", "seen": 99**9})
    with pytest.raises(LedgerMoved):
        credits.correct(ana, credits=1, lot_id=None, seen=int(given["seen"]) - 1, now=timezone.now())
    assert left() == [5, 5]


@pytest.mark.parametrize(
    "given",
    [{"credits": "0"}, {"credits": "-1"}, {"credits": "1.5"}, {"credits": ""}, {"credits": "9" * 30}, {"reason": ""},
     {"reason": "x" * 201}, {"lot": "x"}, {"lot": "9" * 30}, {"seen": ""}, {"seen": "-1"}],
    ids=str,
)  # fmt: skip
def test_a_correction_that_cannot_be_changes_nothing(desk: Client, ana: Member, given: dict[str, str]) -> None:
    give_credits(ana, 5)
    assert correct(desk, ana, **{"number": given.get("credits", 1)} | given).startswith("Nothing was changed.")
    assert (left(), log()) == ([5], [])


# --- Who --------------------------------------------------------------------------------------------------------------


def test_each_act_asks_for_its_own_permission(ana: Member) -> None:
    give_credits(ana, 5)
    see = ("members.view_member", "payments.view_creditlot")
    giver, taker = staff(*see, "payments.add_creditlot"), staff(*see, "payments.correct_creditlot")
    assert grant(giver, ana) == "Credits granted: 3."
    assert correct(taker, ana) == "Credits taken back: 1."
    for browser, act_ in ((giver, "correct"), (taker, "grant"), (staff(*see, "payments.change_creditlot"), "grant")):
        assert not offers(shown(browser, ana), act_)
        assert browser.post(f"{page(ana)}{act_}/", {"credits": 1, "reason": "x", "seen": 0}).status_code == 403
    assert left() == [4, 3]


def test_nothing_is_granted_to_and_taken_from_who_erased_themselves(desk: Client, sandbox: Sandbox) -> None:
    caller = life.sign_up()
    member = Member.objects.get(email=life.EMAIL)
    give_credits(member, 5)
    text = shown(desk, member)
    assert caller.send("DELETE", "/api/members/me/").status_code == 204
    for name in ("grant", "correct"):
        given = form(text, name) | {"credits": 1, "lot": "", "reason": "x"}
        assert "This member was erased" in act(desk, member, name, given)
        assert not offers(shown(desk, member), name)
    assert (left(), log()) == ([5], [])
