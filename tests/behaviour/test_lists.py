"""Lists, their cursors, the events among them, and what a list or an object can hold in full."""

from typing import Any

import pytest

from tests.behaviour.api import Api
from tests.behaviour.rules import rule, sandbox_only
from tests.sandbox.conftest import Receiver

PAGES = "api/pagination"
EVENTS = "api/events/list"
EXPAND = "api/expanding_objects"


def ids(listed: Any) -> list[str]:
    return [one["id"] for one in listed.body["data"]]


@rule(PAGES, "newest-first-with-cursors")
def test_cursors_go_both_ways(api: Api) -> None:
    made = [api.intent()["id"] for _ in range(4)][::-1]
    first = api.get("payment_intents", {"limit": 2})
    assert (ids(first), first.body["has_more"]) == (made[:2], True)
    assert (first.body["object"], first.body["url"]) == ("list", "/v1/payment_intents")
    assert ids(api.get("payment_intents", {"limit": 2, "starting_after": made[1]})) == made[2:]
    assert ids(api.get("payment_intents", {"limit": 2, "ending_before": made[2]})) == made[:2]


@rule(PAGES, "limit-between-1-and-100")
@pytest.mark.parametrize("limit", [0, 101])
def test_a_limit_out_of_bounds(api: Api, limit: int) -> None:
    answer = api.get("payment_intents", {"limit": limit})
    assert (answer.status, answer.error["param"]) == (400, "limit")


@rule(PAGES, "a-cursor-that-is-no-object")
def test_an_unknown_cursor(api: Api) -> None:
    status, kind, code, param = api.get("payment_intents", {"starting_after": "pi_none"}).refusal()
    assert (status, kind, code, param) == (400, "invalid_request_error", "resource_missing", "starting_after")


@rule("api/payment_intents/list", "created-bounds")
def test_created_bounds(api: Api) -> None:
    intent = api.intent()
    around = {"created": {"gte": intent["created"], "lt": intent["created"] + 1}, "limit": 100}
    assert intent["id"] in ids(api.get("payment_intents", around))
    later = {"created": {"gt": intent["created"] + 60}}
    assert ids(api.get("payment_intents", later)) == []


@rule(EVENTS, "type-and-types")
def test_events_by_type(api: Api) -> None:
    paid = api.paid()
    api.eventually(lambda: api.events(paid, "payment_intent.succeeded"))
    kinds = {event["type"] for event in api.get("events", {"type": "payment_intent.*", "limit": 100}).body["data"]}
    assert {"payment_intent.created", "payment_intent.succeeded"} <= kinds
    assert all(kind.startswith("payment_intent.") for kind in kinds)
    both = api.get("events", {"type": "payment_intent.created", "types": ["payment_intent.succeeded"]})
    assert (both.status, both.error["type"]) == (400, "invalid_request_error")


@rule("api/events/object", "a-frozen-snapshot")
def test_an_event_holds_the_object_as_it_was(api: Api) -> None:
    paid = api.paid()
    [created] = api.eventually(lambda: api.events(paid, "payment_intent.created"))
    assert created["data"]["object"]["status"] == "requires_payment_method"
    assert (created["object"], created["livemode"]) == ("event", False)
    assert created["request"]["id"].startswith("req_")
    assert api.get(f"events/{created['id']}").body["data"] == created["data"]


@rule("api/events/types", "of-a-payment")
@pytest.mark.parametrize("kind", ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"])
def test_a_payment_has_its_events(api: Api, kind: str) -> None:
    paid = api.paid()
    thing = {"id": paid["latest_charge"]} if kind.startswith("charge") else paid
    assert len(api.eventually(lambda: api.events(thing, kind))) == 1


@rule(EVENTS, "a-cursor-catches-up")
def test_events_since_a_cursor(api: Api) -> None:
    first = api.intent()
    [seen] = api.eventually(lambda: api.events(first, "payment_intent.created"))
    second = api.intent()
    api.eventually(lambda: api.events(second, "payment_intent.created"))
    newer = api.get("events", {"ending_before": seen["id"], "types": ["payment_intent.created"]}).body["data"]
    found = [event["data"]["object"]["id"] for event in newer]
    assert second["id"] in found
    assert first["id"] not in found


@rule(EVENTS, "delivery_success")
@sandbox_only("no endpoint of this machine can be reached from there")
def test_undelivered_events(api: Api, receiver: Receiver) -> None:
    receiver.answers = [500] * 100
    intent = api.intent()
    api.eventually(lambda: receiver.received)
    late = api.get("events", {"delivery_success": False}).body["data"]
    assert [event["data"]["object"]["id"] for event in late] == [intent["id"]]
    receiver.answers = []
    api.eventually(lambda: not api.get("events", {"delivery_success": False}).body["data"])


@rule(EXPAND, "an-object-in-place-of-its-id")
@pytest.mark.parametrize("name", ["payment_method", "latest_charge"])
def test_expand_in_an_object(api: Api, name: str) -> None:
    paid = api.paid()
    whole = api.get(f"payment_intents/{paid['id']}", {"expand": [name]}).body[name]
    assert whole["id"] == paid[name]
    assert whole["object"] == {"payment_method": "payment_method", "latest_charge": "charge"}[name]


@rule(EXPAND, "in-a-list")
def test_expand_in_a_list(api: Api) -> None:
    paid = api.paid()
    listed = api.get("payment_intents", {"limit": 1, "expand": ["data.latest_charge"]}).body["data"]
    assert listed[0]["latest_charge"]["id"] == paid["latest_charge"]


@rule(EXPAND, "what-cannot-be-expanded")
def test_expand_of_nothing(api: Api) -> None:
    answer = api.get(f"payment_intents/{api.intent()['id']}", {"expand": ["colour"]})
    assert (answer.status, answer.error["type"]) == (400, "invalid_request_error")
