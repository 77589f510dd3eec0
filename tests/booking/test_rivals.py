"""A twin of the request, another tab, another member: each acts between what a booking has read and what it writes."""

from typing import Any

import pytest
from django.utils import timezone

from booking.models import Booking, ClassSession
from members.models import Member
from payments.models import CreditEntry, CreditLot, CreditSpend, Payment
from tests.cast import Caller, Sandbox, age, code, give_credits, seats_match, session, tell
from tests.rival import meanwhile

# When the lots are read: by a query of their own, or in the one statement that books.
LOTS = ('SELECT "payments_creditlot"', "WITH first AS")


def remaining() -> list[int]:
    return list(CreditLot.objects.order_by("id").values_list("remaining", flat=True))


def entries() -> list[tuple[str, int]]:
    return list(CreditEntry.objects.order_by("id").values_list("kind", "credits"))


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, code(answer)


@pytest.mark.parametrize("key", ["k", None], ids=["with a key", "without a key"])
def test_a_twin_that_was_quicker_has_made_the_one_hold(as_ana: Caller, sandbox: Sandbox, key: str | None) -> None:
    one = session(capacity=2)
    twin: list[Any] = []
    with meanwhile(lambda: twin.append(as_ana.book(one, key=key))):
        answer = as_ana.book(one, key=key)
    assert (twin[0].status_code, answer.status_code) == (201, 200)
    assert answer.json() == twin[0].json()
    assert (Booking.objects.count(), len(sandbox.intents())) == (1, 1)
    assert seats_match()


@pytest.mark.parametrize(("key", "other"), [("k", "another"), ("k", None), (None, None)])
def test_another_tab_that_was_quicker_has_made_the_one_hold_however_it_pays(
    as_ana: Caller, sandbox: Sandbox, key: str | None, other: str | None
) -> None:
    one = session()
    first: list[Any] = []
    with meanwhile(lambda: first.append(as_ana.book(one, "auto", key=other))):
        answer = as_ana.book(one, "card", key=key)
    assert answer.status_code == 200
    assert answer.json() == first[0].json()
    assert (Booking.objects.count(), len(sandbox.intents())) == (1, 1)


def test_a_twin_that_was_quicker_with_the_only_credit_has_made_the_one_booking(as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    one = session()
    with meanwhile(lambda: as_ana.book(one, "credits", key="k"), before=LOTS):
        answer = as_ana.book(one, "credits", key="k")
    assert (answer.status_code, answer.json()["status"]) == (200, "paid")
    assert (Booking.objects.count(), remaining()) == (1, [0])


def test_a_twin_that_was_quicker_with_the_last_hold_allowed_has_made_it(
    as_ana: Caller, sandbox: Sandbox, settings: Any
) -> None:
    settings.MAX_HOLDS_PER_MEMBER = 1
    one = session()
    with meanwhile(lambda: as_ana.book(one)):
        answer = as_ana.book(one)
    assert (answer.status_code, Booking.objects.count()) == (200, 1)


def test_two_tabs_are_not_both_the_last_hold_allowed(as_ana: Caller, sandbox: Sandbox, settings: Any) -> None:
    settings.MAX_HOLDS_PER_MEMBER = 1
    with meanwhile(lambda: as_ana.book(session())):
        answer = as_ana.book(session())
    assert refusal(answer) == (409, "too_many_holds")
    assert (Booking.objects.count(), Payment.objects.count()) == (1, 1)


@pytest.mark.parametrize("pay_with", ["credits", "auto"])
def test_credits_that_another_tab_has_spent_are_not_spent_again(
    as_ana: Caller, ana: Member, sandbox: Sandbox, pay_with: str
) -> None:
    give_credits(ana, 1)
    with meanwhile(lambda: as_ana.book(session(title="Spin"), "credits")):
        answer = as_ana.book(session(), pay_with)
    if pay_with == "credits":
        assert refusal(answer) == (409, "insufficient_credits")
    else:
        assert (answer.status_code, answer.json()["amount"]) == (201, 1500)
    assert (remaining(), entries(), CreditSpend.objects.count()) == ([0], [("granted", 1), ("spent", -1)], 1)
    assert seats_match()


def test_a_lot_that_another_tab_has_emptied_leaves_the_price_to_the_next(as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    give_credits(ana, 2)
    with meanwhile(lambda: as_ana.book(session())):
        assert as_ana.book(session()).status_code == 201
    assert remaining() == [0, 1]
    assert entries()[2:] == [("spent", -1), ("spent", -1)]


def test_what_another_tab_has_left_in_a_lot_is_spent_and_the_next_pays_the_rest(as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 3)
    give_credits(ana, 2)
    with meanwhile(lambda: as_ana.book(session())):
        assert as_ana.book(session(credits_required=3)).json()["credits_spent"] == 3
    assert remaining() == [0, 1]
    assert entries()[2:] == [("spent", -1), ("spent", -2), ("spent", -1)]


def test_a_session_that_fills_up_in_between_is_full_and_nothing_is_held(
    as_ana: Caller, as_ben: Caller, ben: Member, sandbox: Sandbox
) -> None:
    give_credits(ben, 1)
    one = session(capacity=1)
    with meanwhile(lambda: as_ben.book(one)):
        answer = as_ana.book(one)
    assert refusal(answer) == (409, "session_full")
    assert (Booking.objects.get().member, Payment.objects.count(), sandbox.intents()) == (ben, 0, [])
    assert seats_match()


@pytest.mark.parametrize("change", [{"status": "cancelled"}, {"starts_at": timezone.now()}], ids=["cancelled", "begun"])
def test_a_session_that_closes_in_between_is_closed_and_nothing_is_held(
    as_ana: Caller, sandbox: Sandbox, change: dict[str, Any]
) -> None:
    one = session()
    with meanwhile(lambda: ClassSession.objects.update(**change)):
        answer = as_ana.book(one)
    assert refusal(answer) == (409, "session_closed")
    assert (Booking.objects.count(), Payment.objects.count(), sandbox.intents()) == (0, 0, [])


def test_after_five_lost_rounds_the_member_is_asked_to_come_again(as_ana: Caller, ana: Member) -> None:
    """Every time the first of two credits is spent elsewhere, and another one given."""
    give_credits(ana, 1)
    give_credits(ana, 1)

    def spend_elsewhere() -> None:
        assert as_ana.book(session(), "credits").status_code == 201
        give_credits(ana, 1)

    one = session(credits_required=2)
    with meanwhile(*[spend_elsewhere] * 5):
        answer = as_ana.book(one, "credits")
    assert refusal(answer) == (503, "payments_unavailable")
    assert answer.json()["errors"][0]["detail"] == (
        "Too much happened at once; nothing is held. Send the same request again."
    )
    assert not Booking.objects.filter(session=one).exists()
    assert remaining() == [0] * 5 + [1, 1]
    assert as_ana.book(one, "credits").status_code == 201


def test_after_five_seats_snatched_away_the_member_is_asked_to_come_again(as_ana: Caller, sandbox: Sandbox) -> None:
    """Every time the stale hold on the only seat is ended, and the seat is another member's before we have it."""
    one = session(capacity=1)
    others = [Member.objects.create_user(f"m{index}@example.com", "some-long-password") for index in range(6)]

    def snatch() -> None:
        age(Caller(others.pop()).book(one).json()["reference"], 31)

    snatch()
    with meanwhile(*[snatch] * 5, before="SELECT asked"):
        answer = as_ana.book(one)
    assert refusal(answer) == (503, "payments_unavailable")
    assert seats_match()
    assert as_ana.book(one).status_code == 201


def test_four_lost_rounds_are_not_too_many(as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    give_credits(ana, 1)

    def spend_elsewhere() -> None:
        as_ana.book(session(), "credits")
        give_credits(ana, 1)

    one = session(credits_required=2)
    with meanwhile(*[spend_elsewhere] * 4):
        assert as_ana.book(one, "credits").status_code == 201


def test_a_payment_that_succeeds_before_its_answer_is_read_is_paid_and_shows_no_secret(
    as_ana: Caller, sandbox: Sandbox
) -> None:
    """The member has the same booking open twice and pays in the one whose answer came first."""

    def pay() -> None:
        [intent] = sandbox.intents()
        sandbox.pays(intent["id"])
        assert tell(sandbox.events("payment_intent.succeeded")[0]).json() == {"received": "applied"}

    with meanwhile(pay, before='UPDATE "payments_payment"'):
        answer = as_ana.book(session())
    assert (answer.status_code, answer.json()["status"]) == (201, "paid")
    assert "stripe_client_secret" not in answer.json()


def test_a_hold_that_is_given_up_while_its_payment_opens_is_over(as_ana: Caller, sandbox: Sandbox) -> None:
    def give_up() -> None:
        reference = Booking.objects.get().reference
        assert as_ana.post(f"/api/booking/bookings/{reference}/cancel/").status_code == 200

    with meanwhile(give_up, before='UPDATE "payments_payment"'):
        answer = as_ana.book(session())
    assert (answer.status_code, answer.json()["status"]) == (201, "freed")
    assert "stripe_client_secret" not in answer.json()
    assert [intent["status"] for intent in sandbox.intents()] == ["canceled"]
    assert seats_match()
