"""Staff take an unused pack back."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from members.models import Member
from notifications.models import Message
from payments.models import PackPurchase, Refund
from tests.booking.corruptions import Scene
from tests.cast import Caller, Sandbox, code, session
from tests.payments.counter import balance, buy, moves, pack, pay, purchase
from tests.payments.desk import act, at_the_desk

pytestmark = pytest.mark.usefixtures("laws")


@pytest.fixture
def bought(as_ana: Caller, sandbox: Sandbox) -> str:
    """Ana's paid pack of five."""
    answer = buy(as_ana, pack())
    pay(sandbox, answer)
    return str(answer.json()["purchase"])


def refund(caller: Caller, reference: str) -> Any:
    return caller.post(f"/api/payments/purchases/{reference}/refund/")


def test_an_unused_pack_is_refunded_in_full(bought: str, as_ana: Caller, as_carla: Caller, sandbox: Sandbox) -> None:
    answer = refund(as_carla, bought)
    assert (answer.status_code, answer.json()["status"], answer.json()["ended_reason"]) == (200, "refunded", "staff")
    assert purchase().ended_at is not None
    assert (balance(as_ana), moves()) == (0, [("granted", 5), ("refunded", -5)])
    owed = Refund.objects.get()
    assert (owed.amount, owed.reason, owed.status) == (5500, "pack_refunded", "due")
    call_command("submit_refunds", stdout=StringIO())
    owed.refresh_from_db()
    assert owed.status == "succeeded"
    assert [row["amount"] for row in sandbox.stripe("refunds")["data"]] == [5500]
    Scene(as_ana, sandbox).news()
    done = Message.objects.get(kind="refund_done")
    assert (done.variables["amount"], done.variables["title"]) == ("55.00 GBP", f"Five classes ({bought})")


def test_a_pack_is_refunded_once(bought: str, as_carla: Caller) -> None:
    refund(as_carla, bought)
    answer = refund(as_carla, bought)
    assert (answer.status_code, code(answer)) == (409, "not_refundable")
    assert (Refund.objects.count(), moves()) == (1, [("granted", 5), ("refunded", -5)])


def test_a_used_pack_is_not_refunded(bought: str, as_ana: Caller, as_carla: Caller) -> None:
    as_ana.book(session(), "credits")
    answer = refund(as_carla, bought)
    assert (answer.status_code, code(answer)) == (409, "pack_used")
    assert (purchase().status, balance(as_ana), Refund.objects.count()) == ("paid", 4, 0)


def test_a_pack_that_was_never_paid_is_not_refunded(as_ana: Caller, as_carla: Caller, sandbox: Sandbox) -> None:
    reference = buy(as_ana, pack()).json()["purchase"]
    assert code(refund(as_carla, reference)) == "not_refundable"
    assert purchase().status == "pending"


def test_only_staff_refund_packs(bought: str, as_ana: Caller, as_ben: Caller, as_carla: Caller, anyone: Caller) -> None:
    for caller in (as_ana, as_ben):
        assert (refund(caller, bought).status_code, code(refund(caller, bought))) == (403, "permission_denied")
    assert code(refund(anyone, bought)) == "not_authenticated"
    assert code(refund(as_carla, "NOTTHERE")) == "not_found"
    assert purchase().status == "paid"


def test_what_the_dashboard_gave_back_is_not_owed_again(
    bought: str, as_ana: Caller, as_carla: Caller, sandbox: Sandbox
) -> None:
    intent = purchase().payment.stripe_intent_id
    sandbox.control("POST", f"payment_intents/{intent}/refund", amount=500)
    Scene(as_ana, sandbox).news()
    assert refund(as_carla, bought).status_code == 200
    assert sorted(Refund.objects.values_list("reason", "amount")) == [("dashboard", 500), ("pack_refunded", 5000)]


def test_staff_refund_packs_in_the_admin(bought: str, as_ana: Caller, carla: Member, sandbox: Sandbox) -> None:
    other = buy(as_ana, pack(name="Other")).json()["purchase"]
    desk = at_the_desk(carla, "view_packpurchase", "change_packpurchase")
    rows = {row.reference: row.pk for row in PackPurchase.objects.all()}
    body = {"action": "refund", "_selected_action": list(rows.values())}
    said = desk.post("/admin/payments/packpurchase/", body, follow=True).content.decode()
    assert "1 refunds are owed." in said
    assert f"{other}: This purchase is not paid" in said
    assert PackPurchase.objects.get(reference=bought).status == "refunded"
    assert Refund.objects.get().reason == "pack_refunded"


def test_whoever_may_only_look_refunds_nothing(bought: str, carla: Member) -> None:
    desk = at_the_desk(carla, "view_packpurchase")
    act(desk, "packpurchase", "refund", purchase().pk)
    assert (purchase().status, Refund.objects.count()) == ("paid", 0)
    assert desk.get(f"/admin/payments/packpurchase/{purchase().pk}/change/").status_code == 200
