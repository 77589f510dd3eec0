import pytest
import stripe


@pytest.fixture
def held(client):
    return client.v1.payment_intents.create(
        {
            "amount": 1500,
            "currency": "gbp",
            "allowed_payment_method_types": ["card"],
            "capture_method": "manual",
            "confirm": True,
            "payment_method": "pm_card_visa",
        }
    )


def test_an_unpaid_intent_can_be_changed(client, intent):
    ana = client.v1.customers.create({"name": "Ana"}).id
    changed = client.v1.payment_intents.update(
        intent.id, {"amount": 2000, "currency": "eur", "customer": ana, "description": "Yoga"}
    )
    assert (changed.amount, changed.currency, changed.customer, changed.description) == (2000, "eur", ana, "Yoga")
    assert client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"}).amount_received == 2000
    assert client.v1.events.list({"types": ["payment_intent.updated"]}).data == []


def test_metadata_is_merged_and_an_empty_value_unsets(client, intent):
    client.v1.payment_intents.update(intent.id, {"metadata": {"colour": "red", "size": "5"}})
    changed = client.v1.payment_intents.update(intent.id, {"metadata": {"colour": ""}})
    assert changed.metadata.to_dict() == {"booking_id": "7", "size": "5"}
    assert client.v1.payment_intents.update(intent.id, {"metadata": ""}).metadata.to_dict() == {}


def test_metadata_never_grows_beyond_fifty_pairs(client, intent):
    client.v1.payment_intents.update(intent.id, {"metadata": {f"k{number}": "v" for number in range(49)}})
    with pytest.raises(stripe.InvalidRequestError, match="50"):
        client.v1.payment_intents.update(intent.id, {"metadata": {"one": "more"}})


@pytest.mark.parametrize("end", ["succeeded", "canceled"])
def test_what_has_ended_keeps_its_amount_but_not_its_metadata(client, intent, end):
    if end == "succeeded":
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    else:
        client.v1.payment_intents.cancel(intent.id)
    for changes in ({"amount": 1600}, {"currency": "eur"}, {"payment_method": "pm_card_visa"}):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.payment_intents.update(intent.id, changes)
        error = refusal.value.error
        assert (error.code, error.param) == ("payment_intent_unexpected_state", next(iter(changes)))
        assert error.payment_intent.status == end
    changed = client.v1.payment_intents.update(intent.id, {"metadata": {"a": "1"}, "description": "Yoga"})
    assert (changed.metadata["a"], changed.description) == ("1", "Yoga")


def test_a_new_method_must_be_confirmed(client, intent):
    client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_authenticationRequired"})
    changed = client.v1.payment_intents.update(intent.id, {"payment_method": "pm_card_visa"})
    assert (changed.status, changed.next_action) == ("requires_confirmation", None)
    assert client.v1.payment_intents.confirm(intent.id).status == "succeeded"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"amount": 29}, "amount"),
        ({"currency": "zzz"}, "currency"),
        ({"customer": "cus_none"}, "customer"),
        ({"status": "succeeded"}, "status"),
        ({"payment_method_types": ["card"]}, "payment_method_types"),
    ],
)
def test_a_wrong_change_is_refused_and_changes_nothing(client, intent, changes, param):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.update(intent.id, {**changes, "description": "changed"})
    assert refusal.value.error.param == param
    assert client.v1.payment_intents.retrieve(intent.id).description is None


def test_a_card_can_be_held_and_captured(client, held):
    assert (held.status, held.amount_capturable, held.amount_received) == ("requires_capture", 1500, 0)
    charge = client.v1.charges.retrieve(held.latest_charge)
    assert (charge.status, charge.captured, charge.amount_captured) == ("succeeded", False, 0)
    paid = client.v1.payment_intents.capture(held.id, {"amount_to_capture": 900})
    assert (paid.status, paid.amount_capturable, paid.amount_received) == ("succeeded", 0, 900)
    charge = client.v1.charges.retrieve(held.latest_charge)
    assert (charge.captured, charge.amount_captured, charge.amount_refunded) == (True, 900, 600)
    assert client.v1.refunds.create({"payment_intent": held.id}).amount == 900


def test_a_hold_cannot_be_refunded_but_canceled(client, held):
    with pytest.raises(stripe.InvalidRequestError, match="not captured"):
        client.v1.refunds.create({"payment_intent": held.id})
    ended = client.v1.payment_intents.cancel(held.id)
    assert (ended.status, ended.amount_capturable) == ("canceled", 0)
    assert client.v1.charges.retrieve(held.latest_charge).refunded is True


@pytest.mark.parametrize("amount", [0, 1501])
def test_more_than_was_held_cannot_be_captured(client, held, amount):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.capture(held.id, {"amount_to_capture": amount})
    assert refusal.value.error.param == "amount_to_capture"


def test_what_is_not_held_cannot_be_captured(client, intent):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.capture(intent.id)
    assert refusal.value.error.code == "payment_intent_unexpected_state"


def test_a_customer_can_be_made_changed_and_found(client):
    ana = client.v1.customers.create({"name": "Ana", "email": "ana@example.com", "metadata": {"member": "1"}})
    assert ana.id.startswith("cus_")
    client.v1.customers.update(ana.id, {"name": "Ana M.", "metadata": {"member": ""}})
    found = client.v1.customers.retrieve(ana.id)
    assert (found.name, found.metadata.to_dict()) == ("Ana M.", {})
    assert [one.id for one in client.v1.customers.list({"email": "ana@example.com"}).data] == [ana.id]
    updated, created = client.v1.events.list({"type": "customer.*"}).data
    assert (updated.type, created.type) == ("customer.updated", "customer.created")
    assert updated.data.previous_attributes.name == "Ana"


def test_an_unknown_customer_is_refused(client):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.create({"amount": 500, "currency": "gbp", "customer": "cus_none"})
    assert (refusal.value.error.code, refusal.value.error.param) == ("resource_missing", "customer")
