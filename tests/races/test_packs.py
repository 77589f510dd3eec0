"""One pack asked for, paid and given back many times at one instant."""

from typing import Any

import pytest

from notifications.models import Message
from payments.models import CreditLot, CreditPack, PackPurchase, Payment, Refund, StripeEvent
from tests.cast import Caller, Sandbox, intent_of
from tests.payments import counter
from tests.payments.counter import pack
from tests.races import laws
from tests.races.clients import Answer, at_once, buy, sync, tally, tell
from tests.races.conftest import Without
from tests.races.server import Server
from tests.races.sizes import CLIENTS, DUPLICATES, PAIRS

pytestmark = pytest.mark.load

SUCCEEDED = "payment_intent.succeeded"
PRICE = 5500
# As many as the two processes with eight threads each work on at the same moment.
TWINS = 16
KEY_GUARD = "one_purchase_per_member_and_idempotency_key"
PACK_GUARD = "one_open_purchase_per_member_and_pack"
BOTH_KINDS = pytest.mark.parametrize("key", ["k1", None], ids=["with a key", "without a key"])


@pytest.fixture
def five(sandbox: Sandbox) -> CreditPack:
    return pack()


@pytest.fixture
def success(as_ana: Caller, five: CreditPack, sandbox: Sandbox) -> Any:
    """The event of Ana's payment for a pack, which nobody has delivered yet."""
    sandbox.pays(intent_of(counter.buy(as_ana, five)))
    [event] = sandbox.events(SUCCEEDED)
    return event


def same(answers: list[Answer]) -> bool:
    """Whether all the answers name one purchase, by one secret."""
    return len({(answer.json["purchase"], answer.json.get("stripe_client_secret")) for answer in answers}) == 1


def one_purchase(answers: list[Answer], sandbox: Sandbox) -> bool:
    """Whether one purchase, one payment and one intent came of it all, and every answer holds the secret."""
    [intent], row = sandbox.intents(), PackPurchase.objects.select_related("payment").get()
    assert (row.status, row.payment) == ("pending", Payment.objects.get(stripe_intent_id=intent["id"]))
    assert intent["client_secret"] == answers[0].json["stripe_client_secret"]
    return same(answers) and Payment.objects.count() == 1


@BOTH_KINDS
def test_the_same_pack_bought_many_times_is_one_purchase_with_one_intent(
    server: Server, as_ana: Caller, five: CreditPack, sandbox: Sandbox, key: str | None
) -> None:
    answers = at_once(server.base, [buy(as_ana, five, key)] * CLIENTS)
    assert tally(answers) == {(201, ""): 1, (200, ""): CLIENTS - 1}
    assert one_purchase(answers, sandbox)


@BOTH_KINDS
def test_twins_that_all_looked_before_one_wrote_are_still_one_purchase(
    hasty: Server, as_ana: Caller, five: CreditPack, sandbox: Sandbox, key: str | None
) -> None:
    answers = at_once(hasty.base, [buy(as_ana, five, key).without("haste")] * TWINS)
    assert tally(answers) == {(201, ""): 1, (200, ""): TWINS - 1}
    assert one_purchase(answers, sandbox)


def test_while_stripe_is_slow_one_key_many_times_is_still_one_purchase(
    server: Server, as_ana: Caller, five: CreditPack, sandbox: Sandbox
) -> None:
    """Stripe refuses twins of a create call at work: they are told to ask again, and then get the same purchase."""
    sandbox.fault("hang_before", "/v1/payment_intents$", seconds=1)
    answers = at_once(server.base, [buy(as_ana, five, "k1")] * CLIENTS)
    busy = [answer for answer in answers if answer.status == 503]
    assert {answer.code for answer in busy} <= {"payments_unavailable"}
    assert all("Retry-After" in answer.headers for answer in busy)
    heard = [answer for answer in answers if answer.status != 503]
    assert tally(heard)[201, ""] <= 1
    again = at_once(server.base, [buy(as_ana, five, "k1")] * max(1, len(busy)))
    assert tally(again) == {(200, ""): len(again)}
    assert one_purchase(heard + again, sandbox)


def test_one_key_for_two_packs_buys_one_of_them(
    server: Server, as_ana: Caller, five: CreditPack, sandbox: Sandbox
) -> None:
    answers = at_once(server.base, [buy(as_ana, one, "k1") for one in (five, pack()) for _ in range(PAIRS)])
    assert tally(answers) == {(201, ""): 1, (200, ""): PAIRS - 1, (422, "idempotency_key_reused"): PAIRS}
    assert one_purchase([answer for answer in answers if answer.status != 422], sandbox)


def test_without_the_unique_key_one_key_buys_several_packs(
    unguarded: Server, as_ana: Caller, sandbox: Sandbox, without_constraints: Without
) -> None:
    with without_constraints(KEY_GUARD, model=PackPurchase):
        at_once(unguarded.base, [buy(as_ana, pack(), "k1").without("haste") for _ in range(TWINS)])
        assert PackPurchase.objects.filter(idempotency_key="k1").count() > 1


@BOTH_KINDS
def test_without_the_unique_indexes_the_same_pack_is_bought_twice(
    unguarded: Server,
    as_ana: Caller,
    five: CreditPack,
    sandbox: Sandbox,
    without_constraints: Without,
    key: str | None,
) -> None:
    with without_constraints(KEY_GUARD, PACK_GUARD, model=PackPurchase):
        at_once(unguarded.base, [buy(as_ana, five, key).without("haste")] * TWINS)
        assert PackPurchase.objects.filter(pack=five, status="pending").count() > 1
        assert len(sandbox.intents()) > 1


def test_one_success_under_many_names_grants_the_credits_once(server: Server, success: Any, as_ana: Caller) -> None:
    """As from two endpoints, or a resend by hand; and Ana asks again and again meanwhile how her purchase stands."""
    syncs = [sync(as_ana, PackPurchase.objects.get())] * PAIRS
    answers = at_once(server.base, [*(tell(success | {"id": f"evt_{n}"}) for n in range(DUPLICATES)), *syncs])
    assert tally(answers) == {(200, ""): DUPLICATES + PAIRS}
    server.wait_until_calm()
    assert PackPurchase.objects.get().lot == CreditLot.objects.get()
    assert counter.moves() == [("granted", 5)]
    assert (Message.objects.get().kind, StripeEvent.objects.count()) == ("pack_paid", DUPLICATES)
    assert not Refund.objects.exists()


def test_without_the_transaction_a_success_told_twice_grants_twice(unguarded: Server, success: Any) -> None:
    at_once(unguarded.base, [tell(success | {"id": f"evt_{n}"}).without("transaction") for n in range(10)])
    assert PackPurchase.objects.get().status == "paid"
    assert CreditLot.objects.count() > 1
    assert "purchases" in {law.split(":")[0] for law in laws.broken()}
