import pytest
import stripe


@pytest.fixture
def six(client):
    made = [client.v1.payment_intents.create({"amount": 100 + n, "currency": "gbp"}).id for n in range(6)]
    return made[::-1]


def ids(page):
    return [one.id for one in page.data]


def test_intents_are_listed_newest_first(client, six):
    page = client.v1.payment_intents.list({"limit": 4})
    assert (ids(page), page.has_more) == (six[:4], True)
    assert ids(client.v1.payment_intents.list()) == six


def test_cursors_go_both_ways(client, six):
    older = client.v1.payment_intents.list({"limit": 2, "starting_after": six[3]})
    assert (ids(older), older.has_more) == (six[4:], False)
    newer = client.v1.payment_intents.list({"limit": 2, "ending_before": six[3]})
    assert (ids(newer), newer.has_more) == (six[1:3], True)


def test_paging_by_itself_visits_every_intent_once(client, six):
    assert [one.id for one in client.v1.payment_intents.list({"limit": 2}).auto_paging_iter()] == six


def test_created_bounds_select(client, six):
    moment = client.v1.payment_intents.retrieve(six[0]).created
    assert ids(client.v1.payment_intents.list({"created": {"gte": moment - 60, "lt": moment + 60}})) == six
    assert ids(client.v1.payment_intents.list({"created": {"gt": moment + 60}})) == []
    assert ids(client.v1.payment_intents.list({"created": {"lte": moment - 60}})) == []


def test_the_customer_selects(client, six):
    ben = client.v1.customers.create({"name": "Ben"}).id
    his = client.v1.payment_intents.create({"amount": 500, "currency": "gbp", "customer": ben})
    assert ids(client.v1.payment_intents.list({"customer": ben})) == [his.id]


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"starting_after": "pi_none"}, "starting_after"),
        ({"ending_before": "pi_none"}, "ending_before"),
        ({"created": {"about": 5}}, "created[about]"),
        ({"status": "succeeded"}, "status"),
    ],
)
def test_a_wrong_filter_is_refused_by_name(client, params, param):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.list(params)
    assert refusal.value.error.param == param


def test_events_are_listed_by_type_and_found_by_id(client, intent):
    client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    created, succeeded = "payment_intent.created", "payment_intent.succeeded"
    assert [event.type for event in client.v1.events.list().data] == [succeeded, "charge.succeeded", created]
    assert [event.type for event in client.v1.events.list({"type": created}).data] == [created]
    assert [event.type for event in client.v1.events.list({"types": [succeeded]}).data] == [succeeded]
    event = client.v1.events.list({"limit": 1}).data[0]
    assert client.v1.events.retrieve(event.id).data.object.id == intent.id
    assert [one.id for one in client.v1.events.list({"ending_before": event.id}).data] == []
    with pytest.raises(stripe.InvalidRequestError, match="not both"):
        client.v1.events.list({"type": created, "types": [succeeded]})
