import pytest
import stripe


@pytest.fixture
def paid(client, intent):
    return client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})


def kinds(client):
    return [event.type for event in client.v1.events.list({"limit": 100}).data][::-1]


def test_a_payment_has_a_charge(client, paid):
    charge = client.v1.charges.retrieve(paid.latest_charge)
    assert (charge.status, charge.paid, charge.captured, charge.refunded) == ("succeeded", True, True, False)
    assert (charge.amount, charge.amount_captured, charge.amount_refunded) == (1500, 1500, 0)
    assert (charge.payment_intent, charge.payment_method) == (paid.id, paid.payment_method)
    assert charge.metadata["booking_id"] == "7"
    assert charge.payment_method_details.card.last4 == "4242"
    assert charge.outcome.type == "authorized"


def test_each_attempt_has_a_charge_of_its_own(client, intent):
    with pytest.raises(stripe.CardError) as refusal:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_chargeDeclined"})
    paid = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    second, first = client.v1.charges.list({"payment_intent": intent.id}).data
    assert (second.id, first.id) == (paid.latest_charge, refusal.value.error.charge)
    assert (first.status, first.paid, first.failure_code) == ("failed", False, "card_declined")
    assert (first.outcome.type, first.outcome.reason) == ("issuer_declined", "generic_decline")


def test_charges_of_other_intents_are_not_listed(client, paid):
    other = client.v1.payment_intents.create({"amount": 500, "currency": "gbp"})
    assert client.v1.charges.list({"payment_intent": other.id}).data == []


def test_an_unknown_charge_is_missing(client):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.charges.retrieve("ch_none")
    assert (refusal.value.http_status, refusal.value.error.code) == (404, "resource_missing")


def test_a_charge_has_its_event_beside_the_intents(client, paid):
    assert kinds(client) == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]
    event = client.v1.events.list({"type": "charge.succeeded"}).data[0]
    assert event.data.object.id == paid.latest_charge
    assert event.request.id.startswith("req_")


def test_a_declined_charge_has_its_event_too(sandbox, client, intent):
    sandbox.post(f"payment_intents/{intent.id}/confirm", {"payment_method": "pm_card_chargeDeclined"})
    assert kinds(client) == ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]


def test_a_payment_that_the_bank_works_on_has_one_charge_from_pending_to_its_end(sandbox, client, intent):
    waiting = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_sandbox_processing"})
    assert client.v1.charges.retrieve(waiting.latest_charge).status == "pending"
    sandbox.post(f"payment_intents/{intent.id}/settle")
    assert client.v1.charges.retrieve(waiting.latest_charge).status == "succeeded"
    assert len(client.v1.charges.list({"payment_intent": intent.id}).data) == 1


def test_an_unanswered_question_leaves_no_charge(sandbox, client, intent):
    client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_authenticationRequired"})
    sandbox.post(f"payment_intents/{intent.id}/authenticate", {"ok": False})
    assert client.v1.charges.list().data == []
    assert "charge.failed" not in kinds(client)


def test_an_answered_question_shows_on_the_charge(sandbox, client, intent):
    client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_authenticationRequired"})
    paid = sandbox.post(f"payment_intents/{intent.id}/authenticate").json()
    charge = client.v1.charges.retrieve(paid["latest_charge"])
    assert charge.payment_method_details.card.three_d_secure.result == "authenticated"


def test_a_blocked_payment_never_reaches_the_network(sandbox, client, intent):
    sandbox.post(f"payment_intents/{intent.id}/confirm", {"payment_method": "4100000000000019"})
    outcome = client.v1.charges.list().data[0].outcome
    assert (outcome.type, outcome.network_status) == ("blocked", "not_sent_to_network")


def test_what_an_object_names_can_be_expanded(client, paid):
    whole = client.v1.payment_intents.retrieve(
        paid.id, {"expand": ["latest_charge.payment_intent", "latest_charge.refunds", "payment_method"]}
    )
    assert whole.latest_charge.payment_intent.id == paid.id
    assert whole.latest_charge.refunds.data == []
    assert whole.payment_method.card.brand == "visa"
    listed = client.v1.charges.list({"expand": ["data.payment_intent"]})
    assert listed.data[0].payment_intent.status == "succeeded"
    assert client.v1.payment_intents.retrieve(paid.id).latest_charge == paid.latest_charge


@pytest.mark.parametrize("path", ["status", "latest_charge.amount", "data.latest_charge"])
def test_what_cannot_be_expanded_is_refused(client, paid, path):
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.payment_intents.retrieve(paid.id, {"expand": [path]})


def test_a_list_says_where_to_look_instead(client, paid):
    with pytest.raises(stripe.InvalidRequestError, match=r"expanding 'data.payment_intent'"):
        client.v1.charges.list({"expand": ["payment_intent"]})


def test_a_page_cannot_look_further_than_the_method(sandbox, client, paid):
    query = {"client_secret": paid.client_secret, "expand[]": "latest_charge"}
    answer = sandbox.raw("GET", f"/v1/payment_intents/{paid.id}", auth=("pk_test_page", ""), params=query)
    assert answer.status_code == 400


def test_a_payment_method_can_be_retrieved(client, paid):
    assert client.v1.payment_methods.retrieve(paid.payment_method).card.last4 == "4242"
