"""Buying a pack of credits: every status and code of it."""

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from members.models import Member
from payments.models import CreditLot, CreditPack, PackPurchase, Payment
from tests.booking.test_passing_faults import spoilt
from tests.cast import Caller, Sandbox, code, intent_of
from tests.payments.counter import age_purchase, balance, buy, pack, pay, purchase

pytestmark = pytest.mark.usefixtures("laws")
INSERT = 'INSERT INTO "payments_packpurchase"'


def nothing_is_held() -> bool:
    return not PackPurchase.objects.exists() and not Payment.objects.exists()


def test_a_purchase_waits_for_its_payment_and_returns_the_secret(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox
) -> None:
    answer = buy(as_ana, five)
    body = answer.json()
    assert (answer.status_code, body["status"], body["credits"], body["amount"]) == (201, "pending", 5, 5500)
    assert body["stripe_publishable_key"].startswith("pk_test_")
    assert answer["Cache-Control"] == "no-store"
    assert datetime.fromisoformat(body["expires_at"]) - datetime.fromisoformat(body["created_at"]) == timedelta(
        minutes=30
    )
    [intent] = sandbox.intents()
    assert (intent["amount"], intent["currency"], intent["status"]) == (5500, "gbp", "requires_payment_method")
    assert intent["metadata"]["purchase"] == body["purchase"]
    assert intent["description"] == f"Five classes ({body['purchase']})"
    assert intent["client_secret"] == body["stripe_client_secret"]
    assert balance(as_ana) == 0


def test_the_secret_is_in_no_other_answer_and_in_no_row(as_ana: Caller, five: CreditPack) -> None:
    secret = buy(as_ana, five).json()["stripe_client_secret"]
    reference = purchase().reference
    for answer in (
        as_ana.get("/api/payments/purchases/"),
        as_ana.get(f"/api/payments/purchases/{reference}/"),
        as_ana.post(f"/api/payments/purchases/{reference}/sync/"),
    ):
        assert answer.status_code == 200
        assert secret not in answer.content.decode()
    for row in (*Payment.objects.values(), *PackPurchase.objects.values()):
        assert secret not in str(row)


def test_asking_again_returns_the_same_purchase_with_the_same_secret(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox
) -> None:
    first, again, keyed = buy(as_ana, five), buy(as_ana, five), buy(as_ana, five, key="k1")
    assert (first.status_code, again.status_code, keyed.status_code) == (201, 200, 200)
    assert first.json() == again.json() == keyed.json()
    assert len(sandbox.intents()) == 1


def test_another_member_and_another_pack_are_purchases_of_their_own(
    as_ana: Caller, as_ben: Caller, five: CreditPack, sandbox: Sandbox
) -> None:
    answers = [buy(as_ana, five), buy(as_ben, five), buy(as_ana, pack(name="One", credits=1, amount=1400))]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len(sandbox.intents()) == len({answer.json()["purchase"] for answer in answers}) == 3


def test_a_pack_can_be_bought_again_once_it_is_paid(as_ana: Caller, five: CreditPack, sandbox: Sandbox) -> None:
    pay(sandbox, buy(as_ana, five))
    second = buy(as_ana, five)
    assert second.status_code == 201
    pay(sandbox, second)
    assert balance(as_ana) == 10


def test_asking_again_after_paying_returns_the_paid_purchase_without_a_secret(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox
) -> None:
    """Before any news of it has come."""
    sandbox.pays(intent_of(buy(as_ana, five)))
    again = buy(as_ana, five)
    assert (again.status_code, again.json()["status"]) == (200, "paid")
    assert "stripe_client_secret" not in again.json()
    assert balance(as_ana) == 5


@pytest.mark.parametrize("how", ["canceled", "declined", "run_out"])
def test_a_purchase_that_is_over_makes_room_for_a_new_one(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox, how: str
) -> None:
    first = buy(as_ana, five)
    if how == "canceled":
        sandbox.cancel(intent_of(first))
    elif how == "declined":
        sandbox.pays(intent_of(first), "pm_card_chargeDeclined")
    else:
        age_purchase(31)
    again = buy(as_ana, five)
    assert again.status_code == 201
    assert again.json()["purchase"] != first.json()["purchase"]
    assert sandbox.intent(intent_of(first))["status"] == "canceled"
    reason = {"canceled": "payment_canceled", "declined": "payment_failed", "run_out": "expired"}[how]
    over = as_ana.get(f"/api/payments/purchases/{first.json()['purchase']}/").json()
    assert (over["status"], over["ended_reason"]) == ("freed", reason)


def test_a_repeated_key_returns_its_purchase_as_it_stands_now(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox
) -> None:
    first = buy(as_ana, five, key="k1")
    pay(sandbox, first)
    again = buy(as_ana, five, key="k1")
    assert (again.status_code, again.json()["status"]) == (200, "paid")
    assert again.json()["purchase"] == first.json()["purchase"]
    assert "stripe_client_secret" not in again.json()
    assert buy(as_ana, five, key="k2").status_code == 201


def test_a_key_whose_purchase_ran_out_answers_with_it(as_ana: Caller, five: CreditPack) -> None:
    first = buy(as_ana, five, key="k1")
    age_purchase(31)
    for _ in range(2):
        again = buy(as_ana, five, key="k1")
        assert (again.status_code, again.json()["status"]) == (200, "freed")
        assert again.json()["purchase"] == first.json()["purchase"]


def test_a_key_reused_for_another_pack_is_refused(as_ana: Caller, five: CreditPack) -> None:
    buy(as_ana, five, key="k1")
    answer = buy(as_ana, pack(name="Other"), key="k1")
    assert (answer.status_code, code(answer)) == (422, "idempotency_key_reused")
    assert PackPurchase.objects.count() == 1


def test_a_key_of_another_member_is_independent(as_ana: Caller, as_ben: Caller, five: CreditPack) -> None:
    first, second = buy(as_ana, five, key="same"), buy(as_ben, five, key="same")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["purchase"] != second.json()["purchase"]


@pytest.mark.parametrize("key", ["", "x" * 256, "é"], ids=["empty", "256", "é"])
def test_a_malformed_key_is_refused(as_ana: Caller, five: CreditPack, key: str) -> None:
    answer = buy(as_ana, five, key=key)
    assert (answer.status_code, code(answer)) == (400, "invalid")
    assert nothing_is_held()


def test_a_pack_that_is_not_sold_is_not_there(as_ana: Caller, as_carla: Caller, five: CreditPack) -> None:
    off = pack(active=False)
    for caller in (as_ana, as_carla):
        answer = buy(caller, off)
        assert (answer.status_code, code(answer)) == (404, "not_found")
    assert code(as_ana.post("/api/payments/packs/9999/buy/")) == "not_found"
    assert nothing_is_held()


def test_a_pack_taken_off_sale_is_still_paid_by_who_was_buying_it(
    as_ana: Caller, as_carla: Caller, five: CreditPack, sandbox: Sandbox
) -> None:
    first = buy(as_ana, five)
    as_carla.patch(f"/api/payments/packs/{five.pk}/", {"active": False})
    again = buy(as_ana, five)
    assert (again.status_code, again.json()) == (200, first.json())
    pay(sandbox, first)
    assert (balance(as_ana), code(buy(as_ana, five))) == (5, "not_found")


def test_nobody_in_particular_cannot_buy(anyone: Caller, five: CreditPack) -> None:
    answer = buy(anyone, five)
    assert (answer.status_code, code(answer)) == (401, "not_authenticated")


def test_what_was_sold_stands_however_the_pack_changes(
    as_ana: Caller, as_carla: Caller, five: CreditPack, sandbox: Sandbox
) -> None:
    first = buy(as_ana, five)
    change = {"credits": 3, "amount": 9900, "valid_days": 1, "name": "Three classes"}
    assert as_carla.patch(f"/api/payments/packs/{five.pk}/", change).status_code == 200
    again = buy(as_ana, five)
    assert (again.status_code, again.json()) == (200, first.json())
    pay(sandbox, again)
    lot = CreditLot.objects.get()
    assert purchase().name == "Five classes"
    assert (lot.granted, purchase().amount, lot.expires_at) == (5, 5500, purchase().paid_at + timedelta(days=90))
    assert buy(as_ana, five).json()["amount"] == 9900


def test_without_keys_nothing_is_held(as_ana: Caller, five: CreditPack, settings: Any) -> None:
    settings.PAYMENTS_ENABLED = False
    answer = buy(as_ana, five)
    assert (answer.status_code, code(answer)) == (503, "payments_not_configured")
    assert nothing_is_held()


def test_a_payment_that_stripe_refuses_holds_nothing_and_its_key_may_try_again(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox
) -> None:
    sandbox.fault("status_before", "/v1/payment_intents$", status=400)
    answer = buy(as_ana, five, key="k1")
    assert (answer.status_code, code(answer)) == (502, "payment_rejected")
    assert (purchase().status, purchase().ended_reason) == ("freed", "payment_rejected")
    assert buy(as_ana, five, key="k1").status_code == 201


@pytest.mark.parametrize("fault", ["status_before", "reset_after"])
def test_while_stripe_is_down_the_purchase_stands_and_the_same_request_continues_it(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox, fault: str
) -> None:
    sandbox.fault(fault, "/v1/payment_intents$", status=500, times=2)
    answer = buy(as_ana, five, key="k1")
    assert (answer.status_code, code(answer)) == (503, "payments_unavailable")
    assert "Retry-After" in answer
    assert (purchase().status, purchase().payment.status) == ("pending", "creating")
    again = buy(as_ana, five, key="k1")
    assert (again.status_code, again.json()["purchase"]) == (200, purchase().reference)
    [intent] = sandbox.intents()
    assert intent["client_secret"] == again.json()["stripe_client_secret"]
    pay(sandbox, again)
    assert balance(as_ana) == 5


def test_a_process_that_died_before_it_asked_stripe_is_continued(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox
) -> None:
    """Its rows were committed, its request never left."""
    sandbox.fault("status_before", "/v1/payment_intents$", status=500, times=2)
    buy(as_ana, five)
    assert sandbox.intents() == []
    again = buy(as_ana, five)
    assert (again.status_code, len(sandbox.intents())) == (200, 1)
    assert again.json()["stripe_client_secret"] == sandbox.intents()[0]["client_secret"]


@pytest.mark.parametrize("times", [1, 4])
def test_a_deadlock_is_tried_again(as_ana: Caller, five: CreditPack, times: int) -> None:
    with spoilt(INSERT, psycopg.errors.DeadlockDetected(), times):
        assert buy(as_ana, five).status_code == 201
    assert PackPurchase.objects.count() == Payment.objects.count() == 1


def test_five_deadlocks_are_too_many(as_ana: Caller, five: CreditPack) -> None:
    with spoilt(INSERT, psycopg.errors.DeadlockDetected(), 5):
        answer = buy(as_ana, five)
    assert (answer.status_code, code(answer)) == (503, "payments_unavailable")
    assert nothing_is_held()


def test_a_database_that_is_full_is_not_asked_again(as_ana: Caller, five: CreditPack) -> None:
    with spoilt(INSERT, psycopg.errors.DiskFull()):
        assert buy(as_ana, five).status_code == 503
    assert nothing_is_held()


@pytest.mark.parametrize("key", ["k", None], ids=["with a key", "without a key"])
def test_a_purchase_that_was_made_before_the_fault_is_the_answer_and_new(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox, key: str | None
) -> None:
    with spoilt('UPDATE "payments_payment"', psycopg.OperationalError("server closed the connection")):
        answer = buy(as_ana, five, key=key)
    assert (answer.status_code, answer.json()["status"]) == (201, "pending")
    assert answer.json()["stripe_client_secret"] == sandbox.intents()[0]["client_secret"]
    assert (PackPurchase.objects.count(), len(sandbox.intents())) == (1, 1)


def test_a_purchase_of_another_member_is_not_there(
    as_ana: Caller, as_ben: Caller, as_carla: Caller, five: CreditPack
) -> None:
    reference = buy(as_ana, five).json()["purchase"]
    path = f"/api/payments/purchases/{reference}"
    for answer in (as_ben.get(f"{path}/"), as_ben.post(f"{path}/sync/"), as_ben.get(f"{path[:-8]}NOTTHERE/")):
        assert (answer.status_code, code(answer)) == (404, "not_found")
    assert as_ben.get("/api/payments/purchases/").json()["results"] == []
    assert [one["purchase"] for one in as_carla.get("/api/payments/purchases/").json()["results"]] == [reference]
    assert as_carla.get(f"{path.lower()}/").json()["purchase"] == reference


def test_purchases_are_listed_newest_first_and_by_status(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox, ana: Member
) -> None:
    paid = buy(as_ana, five)
    pay(sandbox, paid)
    waiting = buy(as_ana, five)
    listed = as_ana.get("/api/payments/purchases/").json()
    assert set(listed) == {"results", "next", "previous"}
    assert [one["purchase"] for one in listed["results"]] == [waiting.json()["purchase"], paid.json()["purchase"]]
    only = as_ana.get("/api/payments/purchases/", status="paid").json()["results"]
    assert [one["purchase"] for one in only] == [paid.json()["purchase"]]
    assert code(as_ana.get("/api/payments/purchases/", status="odd")) == "invalid_choice"


def test_sync_applies_what_stripe_says(as_ana: Caller, five: CreditPack, sandbox: Sandbox) -> None:
    bought = buy(as_ana, five)
    path = f"/api/payments/purchases/{bought.json()['purchase']}/sync/"
    assert as_ana.post(path).json()["status"] == "pending"
    sandbox.pays(intent_of(bought))
    assert as_ana.post(path).json()["status"] == "paid"
    assert (as_ana.post(path).status_code, balance(as_ana)) == (200, 5)
