import pytest
import stripe


@pytest.fixture
def pay(client, intent):
    def paid_with(card):
        return client.v1.payment_intents.confirm(intent.id, {"payment_method": card})

    return paid_with


def kinds(client):
    return [event.type for event in client.v1.events.list({"type": "charge.dispute.*"}).data][::-1]


@pytest.mark.parametrize(
    ("card", "reason", "status", "events"),
    [
        ("pm_card_createDispute", "fraudulent", "needs_response", ["created", "funds_withdrawn"]),
        ("pm_card_createDisputeProductNotReceived", "product_not_received", "needs_response", None),
        ("pm_card_createDisputeInquiry", "fraudulent", "warning_needs_response", ["created"]),
    ],
)
def test_a_card_that_is_known_for_it_disputes_its_payment(client, pay, card, reason, status, events):
    paid = pay(card)
    dispute = client.v1.disputes.list({"payment_intent": paid.id}).data[0]
    assert (dispute.reason, dispute.status, dispute.amount) == (reason, status, 1500)
    assert client.v1.disputes.retrieve(dispute.id).charge == paid.latest_charge
    assert client.v1.charges.retrieve(paid.latest_charge).disputed is True
    assert client.v1.payment_intents.retrieve(paid.id).status == "succeeded"
    events = events or ["created", "funds_withdrawn"]
    assert kinds(client) == [f"charge.dispute.{event}" for event in events]


def test_a_disputed_charge_cannot_be_refunded_but_one_that_is_asked_about_can(client, pay):
    paid = pay("pm_card_createDispute")
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.refunds.create({"payment_intent": paid.id})
    assert refusal.value.error.code == "charge_disputed"


def test_a_charge_that_is_only_asked_about_can_be_refunded(client, pay):
    assert client.v1.refunds.create({"payment_intent": pay("pm_card_createDisputeInquiry").id}).status == "succeeded"


@pytest.mark.parametrize(
    ("won", "status", "events"), [(True, "won", ["closed", "funds_reinstated"]), (False, "lost", ["closed"])]
)
def test_a_dispute_is_decided(sandbox, client, pay, won, status, events):
    paid = pay("pm_card_visa")
    dispute = sandbox.post(f"payment_intents/{paid.id}/dispute", {"amount": 900, "reason": "duplicate"}).json()
    assert (dispute["amount"], dispute["reason"]) == (900, "duplicate")
    assert sandbox.post(f"disputes/{dispute['id']}/close", {"won": won}).json()["status"] == status
    assert kinds(client)[2:] == [f"charge.dispute.{event}" for event in events]
    closed = client.v1.events.list({"type": "charge.dispute.closed"}).data[0]
    assert closed.data.previous_attributes.to_dict() == {"status": "needs_response"}
    assert sandbox.post(f"disputes/{dispute['id']}/close", {"won": won}).status_code == 400


def test_giving_in_loses_a_dispute(client, pay):
    pay("pm_card_createDispute")
    assert client.v1.disputes.close(client.v1.disputes.list().data[0].id).status == "lost"


@pytest.mark.parametrize(("text", "status"), [("winning_evidence", "won"), ("losing_evidence", "lost")])
def test_evidence_decides_a_dispute_as_in_stripes_test_mode(client, pay, text, status):
    pay("pm_card_createDispute")
    name = client.v1.disputes.list().data[0].id
    decided = client.v1.disputes.update(name, {"evidence": {"uncategorized_text": text}, "metadata": {"a": "1"}})
    assert (decided.status, decided.metadata["a"]) == (status, "1")


def test_what_was_never_paid_cannot_be_disputed(sandbox, intent, client, pay):
    assert sandbox.post(f"payment_intents/{intent.id}/dispute").status_code == 404
    paid = pay("pm_card_visa")
    for body in ({"reason": "rain"}, {"amount": 1501}):
        assert sandbox.post(f"payment_intents/{paid.id}/dispute", body).status_code == 400
    assert sandbox.post(f"payment_intents/{paid.id}/dispute").status_code == 200
    assert sandbox.post(f"payment_intents/{paid.id}/dispute").status_code == 400
