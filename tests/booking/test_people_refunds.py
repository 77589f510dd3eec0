"""Staff give money back on a member's page: in whole or part, with a reason, and never more than is left."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from booking.models import Booking, ClassSession
from members.models import Member, StaffAct
from notifications.models import Message
from payments import currencies, refunds
from payments.models import CreditPack, Payment, Refund
from tests.booking.corruptions import Scene
from tests.booking.counter import act, at_once, fill, form, log, offers, page, shown, staff
from tests.cast import Caller, Sandbox, give_credits, paid_by_card, session
from tests.members import life
from tests.payments.counter import buy, pay

LEFT = '<td data-label="Left">{}'

pytestmark = pytest.mark.usefixtures("laws")


@pytest.fixture
def paid(as_ana: Caller, sandbox: Sandbox) -> Payment:
    """Ana's card has paid 15 pounds for Yoga."""
    paid_by_card(as_ana, session(), sandbox)
    return Payment.objects.get()


def at_stripe(sandbox: Sandbox) -> list[int]:
    assert refunds.lane.wait(20)
    return sorted(row["amount"] for row in sandbox.every("refunds") if row["status"] == "succeeded")


def rows() -> list[tuple[str, int, str]]:
    assert refunds.lane.wait(20)
    return [(row.reason, row.amount, row.status) for row in Refund.objects.order_by("id")]


def give(desk: Client, ana: Member, amount: str, **given: Any) -> str:
    return fill(desk, ana, "refund", **{"amount": amount, "reason": "The heating was off"} | given)


def test_a_part_goes_back_and_the_booking_stands(
    desk: Client, ana: Member, carla: Member, paid: Payment, sandbox: Sandbox
) -> None:
    assert give(desk, ana, "5") == "5.00 GBP goes back to the card."
    assert (at_stripe(sandbox), rows()) == ([500], [("staff", 500, "succeeded")])
    assert Booking.objects.get().status == "paid"
    assert LEFT.format("10.00 GBP") in shown(desk, ana)
    assert Message.objects.get(kind="refund_done").variables["amount"] == "5.00 GBP"
    line = StaffAct.objects.get()
    assert (line.act, line.subject, line.actor, line.reason) == ("refund", paid.subject, carla, "The heating was off")
    assert (line.before, line.after["left"], line.after["amount"]) == ({"left": 1500}, 1000, 500)
    assert line.after["refund"] == str(Refund.objects.get().reference)


def test_parts_go_back_until_nothing_is_left(desk: Client, ana: Member, paid: Payment, sandbox: Sandbox) -> None:
    for amount in ("5", "5.50", "4.5"):
        assert "goes back to the card" in give(desk, ana, amount)
        assert refunds.lane.wait(20)
    assert at_stripe(sandbox) == [450, 500, 550]
    assert not offers(text := shown(desk, ana), "refund")
    assert LEFT.format("–") in text


def test_a_form_sent_twice_gives_once(desk: Client, ana: Member, paid: Payment, sandbox: Sandbox) -> None:
    given = form(shown(desk, ana), "refund") | {"amount": "5.00", "reason": "Sorry"}
    assert act(desk, ana, "refund", given) == "5.00 GBP goes back to the card."
    assert refunds.lane.wait(20)
    assert act(desk, ana, "refund", given) == "5.00 GBP is going back already; nothing is given twice."
    assert act(desk, ana, "refund", given | {"amount": "6"}).startswith("Nothing was changed. Something else was")
    assert (at_stripe(sandbox), log()) == ([500], [("refund", paid.subject)])


def test_a_page_of_before_another_refund_gives_nothing(
    desk: Client, as_ana: Caller, ana: Member, paid: Payment, sandbox: Sandbox
) -> None:
    given = form(shown(desk, ana), "refund") | {"amount": "5.00", "reason": "Sorry"}
    sandbox.control("POST", f"payment_intents/{paid.stripe_intent_id}/refund", amount=500)
    Scene(as_ana, sandbox).news()
    assert "since you looked. Look again." in act(desk, ana, "refund", given)
    for seen in ("7", "99999999999999999999"):
        assert "Nothing was changed." in act(desk, ana, "refund", given | {"seen": seen})
    assert (at_stripe(sandbox), log()) == ([500], [])


@pytest.mark.parametrize(
    "amount",
    ["0", "0.00", "-5", "+5", "5.001", "1e3", "1,000", "5,00", "", " ", "£5", "5 GBP", "NaN", "٥", "999999999", "0x10"],
)
def test_an_amount_that_cannot_be_changes_nothing(desk: Client, ana: Member, paid: Payment, amount: str) -> None:
    assert give(desk, ana, amount).startswith("Nothing was changed. Amount: ")
    assert (rows(), log()) == ([], [])


def test_no_more_goes_back_than_is_left(desk: Client, ana: Member, paid: Payment, sandbox: Sandbox) -> None:
    assert give(desk, ana, "15.01") == "Nothing was changed. Only 15.00 GBP is left of this payment."
    assert give(desk, ana, "99999999") == "Nothing was changed. Only 15.00 GBP is left of this payment."
    assert "goes back" in give(desk, ana, "15.00")
    assert at_stripe(sandbox) == [1500]


def test_without_a_reason_nothing_goes_back(desk: Client, ana: Member, paid: Payment) -> None:
    assert "Reason: This field is required." in give(desk, ana, "5", reason=" ")
    assert "at most 200 characters" in give(desk, ana, "5", reason="x" * 201)
    assert (rows(), log()) == ([], [])


def test_the_payment_of_another_member_or_of_nobody_is_not_touched(
    desk: Client, ana: Member, ben: Member, paid: Payment
) -> None:
    given = form(shown(desk, ana), "refund") | {"amount": "5", "reason": "Sorry", "currency": "jpy"}
    assert "Only what a member has paid" in act(desk, ben, "refund", given)
    for nobody in ("0", "-1", "x", "99999", "9" * 30):
        assert "Nothing was changed." in act(desk, ana, "refund", given | {"payment": nobody})
    assert (rows(), log()) == ([], [])
    assert "5.00 GBP goes back" in act(desk, ana, "refund", given)  # in its own currency, whatever the form says


@pytest.mark.parametrize("status", ["open", "void", "review"])
def test_only_what_was_paid_goes_back(desk: Client, ana: Member, paid: Payment, status: str) -> None:
    given = form(shown(desk, ana), "refund") | {"amount": "5", "reason": "Sorry"}
    Payment.objects.update(status=status)
    assert "Only what a member has paid" in act(desk, ana, "refund", given)
    assert not offers(shown(desk, ana), "refund")
    assert rows() == []
    Payment.objects.update(status="paid")


def test_a_contested_charge_is_not_paid_back_twice(
    desk: Client, as_ana: Caller, ana: Member, paid: Payment, sandbox: Sandbox
) -> None:
    given = form(shown(desk, ana), "refund") | {"amount": "5", "reason": "Sorry"}
    dispute = sandbox.control("POST", f"payment_intents/{paid.stripe_intent_id}/dispute")
    Scene(as_ana, sandbox).news()
    assert "contests this charge" in act(desk, ana, "refund", given)
    assert not offers(text := shown(desk, ana), "refund")
    assert "paid, contested" in text
    sandbox.control("POST", f"disputes/{dispute['id']}/close", won=True)
    Scene(as_ana, sandbox).news()
    assert "goes back" in give(desk, ana, "5")


def test_yen_have_no_decimals(desk: Client, as_ana: Caller, ana: Member, sandbox: Sandbox) -> None:
    paid_by_card(as_ana, session(amount=1500, currency="jpy"), sandbox)
    assert "write it like 500 JPY" in give(desk, ana, "5.00")
    assert give(desk, ana, "500") == "500 JPY goes back to the card."
    assert at_stripe(sandbox) == [500]


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [("15", "gbp", 1500), ("15.5", "gbp", 1550), (" 0.05 ", "gbp", 5), ("15.50", "eur", 1550), ("007", "jpy", 7),
     ("15.", "gbp", None), (".5", "gbp", None), ("15.0", "jpy", None), ("1 5", "gbp", None), ("15\n6", "gbp", None)],
)  # fmt: skip
def test_amounts_are_read_as_people_write_them(text: str, currency: str, amount: int | None) -> None:
    assert currencies.read(text, currency) == amount


# --- What becomes of it later -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("given", "later"), [("5", 1000), ("14.99", 1), ("15", 0)])
def test_who_cancels_afterwards_gets_what_is_left_and_no_more(
    desk: Client, as_ana: Caller, ana: Member, paid: Payment, sandbox: Sandbox, given: str, later: int
) -> None:
    reference = Booking.objects.get().reference
    promised = as_ana.get(f"/api/booking/bookings/{reference}/cancellation/").json()["quote"]
    give(desk, ana, given)
    assert as_ana.get(f"/api/booking/bookings/{reference}/cancellation/").json()["amount"] == later
    ended = as_ana.post(f"/api/booking/bookings/{reference}/cancel/", {"quote": promised})
    assert (ended.status_code, ended.json()["status"]) == (200, "cancelled")
    assert Booking.objects.get().returned_amount == later
    assert sum(at_stripe(sandbox)) == 1500
    assert [reason for reason, _, _ in rows()] == (["staff", "cancelled"] if later else ["staff"])


def test_of_a_late_cancellation_goes_back_what_the_terms_say_and_staff_may_add_to_it(
    desk: Client, as_ana: Caller, ana: Member, paid: Payment, sandbox: Sandbox, settings: Any
) -> None:
    settings.CANCELLATION_TIERS = ((48, 100, 0), (24, 50, 0))
    ClassSession.objects.update(starts_at=timezone.now() + timedelta(hours=30))
    give(desk, ana, "5")
    reference = Booking.objects.get().reference
    assert as_ana.post(f"/api/booking/bookings/{reference}/cancel/").status_code == 200
    assert Booking.objects.get().returned_amount == 750
    assert LEFT.format("2.50 GBP") in shown(desk, ana)
    assert give(desk, ana, "2.51") == "Nothing was changed. Only 2.50 GBP is left of this payment."
    give(desk, ana, "2.50")
    assert at_stripe(sandbox) == [250, 500, 750]


def test_a_cancelled_session_returns_the_rest(
    desk: Client, as_ana: Caller, as_carla: Caller, ana: Member, paid: Payment, sandbox: Sandbox
) -> None:
    give(desk, ana, "4")
    one = ClassSession.objects.get()
    assert as_carla.post(f"/api/booking/sessions/{one.pk}/cancel/").status_code == 200
    assert (at_stripe(sandbox), Booking.objects.get().returned_amount) == ([400, 1100], 1100)


def test_a_goodwill_refund_that_fails_is_owed_again_and_found_by_no_comparison(
    desk: Client, as_ana: Caller, ana: Member, paid: Payment, sandbox: Sandbox
) -> None:
    give(desk, ana, "5")
    assert refunds.lane.wait(20)
    sandbox.control("POST", f"refunds/{Refund.objects.get().stripe_refund_id}/fail")
    Scene(as_ana, sandbox).news()
    assert rows() == [("staff", 500, "failed"), ("staff", 500, "due")]
    assert LEFT.format("10.00 GBP") in shown(desk, ana)
    Refund.objects.update(due_at=timezone.now())
    call_command("submit_refunds")
    assert at_stripe(sandbox) == [500]
    Scene(as_ana, sandbox).news()
    call_command("reconcile_payments")  # it exits with 1 when anything differs


def test_while_stripe_is_silent_it_is_owed_and_given_later_once(
    desk: Client, ana: Member, paid: Payment, sandbox: Sandbox
) -> None:
    sandbox.fault("status_before", "/v1/refunds$", times=9, status=503, stored=False)
    assert "goes back" in give(desk, ana, "5")
    assert rows() == [("staff", 500, "due")]
    sandbox.clear_faults()
    call_command("submit_refunds")
    assert at_stripe(sandbox) == [500]


def test_of_a_pack_a_part_goes_back_then_all_of_the_rest_with_its_credits(
    desk: Client, as_ana: Caller, as_carla: Caller, ana: Member, sandbox: Sandbox
) -> None:
    shelf = CreditPack.objects.create(name="Five", credits=5, amount=5500, currency="gbp", valid_days=90)
    bought = buy(as_ana, shelf)
    pay(sandbox, bought)
    give(desk, ana, "5")
    answer = as_carla.post(f"/api/payments/purchases/{bought.json()['purchase']}/refund/")
    assert answer.status_code == 200
    call_command("submit_refunds")
    assert at_stripe(sandbox) == [500, 5000]


def test_an_erased_member_still_gets_money_back(desk: Client, sandbox: Sandbox) -> None:
    caller = life.sign_up()
    member = Member.objects.get(email=life.EMAIL)
    paid_by_card(caller, session(), sandbox)
    assert caller.send("DELETE", "/api/members/me/").status_code == 204
    assert "goes back" in give(desk, member, "5")
    assert at_stripe(sandbox) == [500]
    member.refresh_from_db()
    assert (member.is_erased, member.is_active) == (True, False)


# --- Who, and how many at once ----------------------------------------------------------------------------------------


def test_who_may_not_refund_refunds_nothing(ana: Member, paid: Payment) -> None:
    looker = staff("members.view_member", "payments.view_payment", "payments.change_payment", "payments.add_creditlot")
    given = {"payment": paid.pk, "seen": 0, "amount": "5", "reason": "Sorry"}
    assert looker.post(f"{page(ana)}refund/", given).status_code == 403
    assert not offers(shown(looker, ana), "refund")
    assert Client().post(f"{page(ana)}refund/", given).status_code == 302
    assert (rows(), log()) == ([], [])
    cashier = staff("members.view_member", "payments.view_payment", "payments.refund_payment")
    assert "goes back" in give(cashier, ana, "5")


def test_twenty_clicks_at_once_give_once(desk: Client, ana: Member, paid: Payment, sandbox: Sandbox) -> None:
    given = form(shown(desk, ana), "refund") | {"amount": "5", "reason": "Sorry"}
    at_once(*[lambda: desk.post(f"{page(ana)}refund/", given)] * 20)
    assert (at_stripe(sandbox), log()) == ([500], [("refund", paid.subject)])


def test_twenty_different_sums_at_once_and_a_cancellation_never_pass_what_was_received(
    desk: Client, as_ana: Caller, ana: Member, paid: Payment, sandbox: Sandbox
) -> None:
    given = form(shown(desk, ana), "refund") | {"reason": "Sorry"}
    reference = Booking.objects.get().reference

    def asked(amount: int) -> Any:
        return lambda: desk.post(f"{page(ana)}refund/", given | {"amount": f"{amount}"})

    at_once(*map(asked, range(1, 20)), lambda: as_ana.post(f"/api/booking/bookings/{reference}/cancel/"))
    assert Booking.objects.get().status == "cancelled"
    assert sum(at_stripe(sandbox)) == 1500
    given_by = [reason for reason, _, _ in rows()]
    assert given_by in (["cancelled"], ["staff"], ["staff", "cancelled"])  # staff alone: the whole was given first
    assert len(log()) == given_by.count("staff")


def test_credits_have_nothing_to_give_back_to_a_card(desk: Client, as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    as_ana.book(session())
    assert not offers(shown(desk, ana), "refund")
