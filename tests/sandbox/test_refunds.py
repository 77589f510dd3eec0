import pytest
import stripe

from tests.sandbox.conftest import Running, eventually, serving


@pytest.fixture
def pay(client, intent):
    def paid_with(card):
        return client.v1.payment_intents.confirm(intent.id, {"payment_method": card})

    return paid_with


@pytest.fixture
def paid(pay):
    return pay("pm_card_visa")


def kinds(client, after="payment_intent.succeeded"):
    whole = [event.type for event in client.v1.events.list({"limit": 100}).data][::-1]
    return whole[whole.index(after) + 1 :]


def test_a_refund_gives_everything_back(client, paid):
    refund = client.v1.refunds.create({"payment_intent": paid.id, "metadata": {"refund_id": "5"}})
    assert (refund.status, refund.amount, refund.currency) == ("succeeded", 1500, "gbp")
    assert (refund.payment_intent, refund.charge) == (paid.id, paid.latest_charge)
    assert refund.metadata["refund_id"] == "5"
    charge = client.v1.charges.retrieve(paid.latest_charge)
    assert (charge.refunded, charge.amount_refunded) == (True, 1500)
    assert client.v1.payment_intents.retrieve(paid.id).status == "succeeded"
    assert client.v1.refunds.retrieve(refund.id).to_dict() == refund.to_dict()
    assert kinds(client) == ["refund.created", "charge.refunded"]


def test_parts_add_up_to_the_charge_and_no_further(client, paid):
    client.v1.refunds.create({"charge": paid.latest_charge, "amount": 500, "reason": "duplicate"})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount on charge") as refusal:
        client.v1.refunds.create({"payment_intent": paid.id, "amount": 1001})
    assert refusal.value.error.param == "amount"
    assert client.v1.charges.retrieve(paid.latest_charge).refunded is False
    assert client.v1.refunds.create({"payment_intent": paid.id}).amount == 1000
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.refunds.create({"payment_intent": paid.id})
    assert refusal.value.error.code == "charge_already_refunded"


def test_a_refunded_charge_says_what_it_was_before(client, paid):
    client.v1.refunds.create({"payment_intent": paid.id, "amount": 500})
    event = client.v1.events.list({"type": "charge.refunded"}).data[0]
    assert event.data.object.amount_refunded == 500
    assert event.data.previous_attributes.to_dict() == {"amount_refunded": 0}


@pytest.mark.parametrize(
    ("params", "status", "param"),
    [
        ({}, 400, None),
        ({"payment_intent": "pi_none"}, 404, "payment_intent"),
        ({"charge": "ch_none"}, 404, "id"),
        ({"payment_intent": "PAID", "amount": 0}, 400, "amount"),
        ({"payment_intent": "PAID", "amount": -5}, 400, "amount"),
        ({"payment_intent": "PAID", "amount": 1501}, 400, "amount"),
        ({"payment_intent": "PAID", "reason": "rain"}, 400, "reason"),
        ({"payment_intent": "PAID", "speed": "high"}, 400, "speed"),
    ],
)
def test_a_wrong_refund_is_refused_by_name(client, paid, params, status, param):
    params = {name: paid.id if value == "PAID" else value for name, value in params.items()}
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.refunds.create(params)
    assert (refusal.value.http_status, refusal.value.error.param) == (status, param)
    assert client.v1.refunds.list().data == []


def test_what_was_never_paid_cannot_be_refunded(client, intent):
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge to refund"):
        client.v1.refunds.create({"payment_intent": intent.id})


def test_a_refund_is_made_once_under_its_key(client, paid):
    params, options = {"payment_intent": paid.id, "amount": 500}, {"idempotency_key": "refund-5"}
    first, again = (client.v1.refunds.create(params, options) for _ in range(2))
    assert first.id == again.id
    assert client.v1.charges.retrieve(paid.latest_charge).amount_refunded == 500


def test_refunds_are_listed_by_what_they_refund(client, paid):
    made = [client.v1.refunds.create({"payment_intent": paid.id, "amount": 10}).id for _ in range(3)]
    other = client.v1.payment_intents.create({"amount": 500, "currency": "gbp"})
    for query in ({"payment_intent": paid.id}, {"charge": paid.latest_charge}, {}):
        assert [one.id for one in client.v1.refunds.list(query).data] == made[::-1]
    assert client.v1.refunds.list({"payment_intent": other.id}).data == []


def test_the_metadata_of_a_refund_can_change(client, paid):
    refund = client.v1.refunds.create({"payment_intent": paid.id, "metadata": {"a": "1", "b": "2"}})
    changed = client.v1.refunds.update(refund.id, {"metadata": {"a": "", "c": "3"}})
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}
    assert kinds(client)[2:] == ["refund.updated", "charge.refund.updated"]
    before = client.v1.events.list({"type": "refund.updated"}).data[0].data.previous_attributes
    assert before.to_dict() == {"metadata": {"a": "1", "b": "2"}}


def test_a_card_refund_cannot_be_canceled(client, paid):
    refund = client.v1.refunds.create({"payment_intent": paid.id})
    with pytest.raises(stripe.InvalidRequestError, match="cannot cancel"):
        client.v1.refunds.cancel(refund.id)


def test_a_pending_refund_succeeds_later(client, pay):
    refund = client.v1.refunds.create({"payment_intent": pay("pm_card_pendingRefund").id})
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    eventually(lambda: client.v1.refunds.retrieve(refund.id).status == "succeeded")
    assert "refund.updated" in kinds(client)


def test_a_refund_fails_later_and_the_money_is_back_on_the_charge(client, pay):
    paid = pay("pm_card_refundFail")
    refund = client.v1.refunds.create({"payment_intent": paid.id})
    assert refund.status == "succeeded"
    eventually(lambda: client.v1.refunds.retrieve(refund.id).status == "failed")
    assert client.v1.refunds.retrieve(refund.id).failure_reason == "expired_or_canceled_card"
    charge = client.v1.charges.retrieve(paid.latest_charge)
    assert (charge.refunded, charge.amount_refunded) == (False, 0)
    assert kinds(client)[2:] == ["refund.updated", "charge.refund.updated", "refund.failed"]
    assert client.v1.refunds.create({"payment_intent": paid.id}).amount == 1500


def test_a_bank_can_fail_any_refund_by_hand(sandbox, client, paid):
    refund = client.v1.refunds.create({"payment_intent": paid.id})
    failed = sandbox.post(f"refunds/{refund.id}/fail", {"reason": "lost_or_stolen_card"}).json()
    assert (failed["status"], failed["failure_reason"]) == ("failed", "lost_or_stolen_card")
    assert client.v1.events.list({"type": "refund.failed"}).data[0].data.object.status == "failed"
    assert sandbox.post(f"refunds/{refund.id}/fail").status_code == 400
    assert sandbox.post(f"refunds/{refund.id}/fail", {"reason": "rain"}).status_code == 400


@pytest.mark.parametrize("end", ["succeed", "fail"])
def test_a_bank_can_end_a_pending_refund_by_hand(end):
    with serving("--retry-scale", "100") as (_, url):
        patient, card = Running(url), {"payment_method": "pm_card_pendingRefund"}
        intents = patient.stripe().v1.payment_intents
        name = intents.create({"amount": 1500, "currency": "gbp", "allowed_payment_method_types": ["card"]}).id
        intents.confirm(name, card)
        refund = patient.stripe().v1.refunds.create({"payment_intent": name})
        assert refund.status == "pending"
        assert patient.post(f"refunds/{refund.id}/{end}").json()["status"] in ("succeeded", "failed")
        assert patient.post(f"refunds/{refund.id}/succeed").status_code == 400


def test_someone_can_refund_in_the_dashboard(sandbox, client, paid):
    refund = sandbox.post(f"payment_intents/{paid.id}/refund", {"amount": 700}).json()
    assert (refund["amount"], refund["status"]) == (700, "succeeded")
    assert client.v1.events.list({"type": "refund.created"}).data[0].request.id is None
    assert sandbox.post(f"payment_intents/{paid.id}/refund").json()["amount"] == 800
    assert sandbox.post(f"payment_intents/{paid.id}/refund").json()["error"]["code"] == "charge_already_refunded"


def test_someone_can_cancel_in_the_dashboard(sandbox, client, intent):
    answer = sandbox.post(f"payment_intents/{intent.id}/cancel", {"reason": "requested_by_customer"})
    assert answer.json()["status"] == "canceled"
    assert client.v1.payment_intents.retrieve(intent.id).cancellation_reason == "requested_by_customer"
    assert sandbox.post(f"payment_intents/{intent.id}/cancel").status_code == 400
    assert sandbox.post(f"payment_intents/{intent.id}/cancel", {"reason": "rain"}).status_code == 400
