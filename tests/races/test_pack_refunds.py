"""Staff give a pack back many times at one instant, and while its credits are being spent."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from booking.models import Booking
from payments import purchases
from payments.models import CreditEntry, PackPurchase, Payment, Refund, UnmatchedMoney
from tests.cast import Caller, Sandbox, intent_of, session
from tests.cast import tell as hear
from tests.payments import counter
from tests.payments.counter import pack
from tests.races import laws
from tests.races.clients import Http, act_in_admin, at_once, book, refund, send, sync, tally, together
from tests.races.conftest import Ready
from tests.races.crowd import crowd
from tests.races.server import Server
from tests.races.sizes import PAIRS

pytestmark = pytest.mark.load

PRICE = 5500
# Some of each pack are spent before the comparison comes to it, some are left.
SPENDERS, CREDITS = 4, 40


@pytest.fixture
def bought(sandbox: Sandbox) -> Callable[..., list[PackPurchase]]:
    """A paid pack for each of these members, in their order."""

    def bought(members: list[Caller], **fields: Any) -> list[PackPurchase]:
        one = pack(**fields)
        for member in members:
            sandbox.pays(intent_of(counter.buy(member, one)))
        for event in sandbox.events("payment_intent.succeeded"):
            assert hear(event).status_code == 200
        rows = list(PackPurchase.objects.order_by("id"))
        assert {row.status for row in rows} == {"paid"}
        return rows

    return bought


@pytest.fixture
def paid(bought: Callable[..., list[PackPurchase]], as_ana: Caller) -> PackPurchase:
    """Ana's paid pack of five credits."""
    [purchase] = bought([as_ana])
    return purchase


def test_a_pack_refunded_many_times_is_owed_back_once(server: Server, paid: PackPurchase, desk: Caller) -> None:
    """Half of the staff use the API, the other half press the button in the admin."""
    button = act_in_admin(desk, "payments/packpurchase", "refund", paid.pk)
    answers = at_once(server.base, [refund(desk, paid)] * PAIRS + [button] * PAIRS)
    said = tally(answers[:PAIRS])
    assert said.keys() <= {(200, ""), (409, "not_refundable")}
    assert said[200, ""] <= 1
    assert {answer.status for answer in answers[PAIRS:]} == {302}
    owed = Refund.objects.get()
    assert (owed.amount, owed.reason, owed.status) == (PRICE, "pack_refunded", "due")
    assert counter.moves() == [("granted", 5), ("refunded", -5)]
    assert PackPurchase.objects.get().status == "refunded"


def test_a_pack_is_refunded_or_spent_and_never_both(server: Server, desk: Caller, bought: Callable[..., Any]) -> None:
    """Every member spends the one credit of a pack at the instant at which staff take that pack back."""
    members = crowd(PAIRS)
    packs, sessions = bought(members, credits=1), [session() for _ in members]
    refunds = [refund(desk, one) for one in packs]
    spends = [book(member, one, "credits") for member, one in zip(members, sessions, strict=True)]
    answers = at_once(server.base, [ask for pair in zip(refunds, spends, strict=True) for ask in pair])
    assert tally(answers[::2]).keys() <= {(200, ""), (409, "pack_used")}
    assert tally(answers[1::2]).keys() <= {(201, ""), (409, "insufficient_credits")}
    refunded = [answer.status == 200 for answer in answers[::2]]
    assert [answer.status == 201 for answer in answers[1::2]] == [not back for back in refunded]
    for one, back in zip(packs, refunded, strict=True):
        one.refresh_from_db()
        assert one.status == ("refunded" if back else "paid")
        kinds = list(CreditEntry.objects.filter(lot=one.lot_id).order_by("id").values_list("kind", flat=True))
        assert kinds == ["granted", "refunded" if back else "spent"]
        assert Refund.objects.filter(payment=one.payment_id, amount=PRICE).count() == back


def test_one_pack_spent_everywhere_while_it_is_refunded_is_one_or_the_other(
    server: Server, as_ana: Caller, desk: Caller, bought: Callable[..., list[PackPurchase]]
) -> None:
    [paid] = bought([as_ana], credits=PAIRS)
    spends = [book(as_ana, session(), "credits") for _ in range(PAIRS)]
    answers = at_once(server.base, spends + [refund(desk, paid)] * PAIRS)
    spent, refunded = tally(answers[:PAIRS]), tally(answers[PAIRS:])
    assert spent.keys() <= {(201, ""), (409, "insufficient_credits")}
    assert refunded.keys() <= {(200, ""), (409, "pack_used"), (409, "not_refundable")}
    paid.refresh_from_db()
    owed = Refund.objects.count()
    assert (paid.status, spent[201, ""], owed) in (("paid", PAIRS, 0), ("refunded", 0, 1))
    assert (refunded[200, ""], Booking.objects.filter(status="paid").count()) == (owed, spent[201, ""])


def test_a_pack_that_was_never_paid_is_taken_back_while_it_is_spent(
    server: Server, ready: Ready, sandbox: Sandbox
) -> None:
    """What a comparison still finds in the lot is withdrawn; of every credit that was quicker staff are told."""
    members, many = crowd(SPENDERS), pack(credits=CREDITS)
    sessions = [session() for _ in range(CREDITS)]
    for member in members:
        counter.buy(member, many)
    for payment in Payment.objects.all():
        payment.change(Payment.Status.PAID, amount_received=PRICE, ended_at=timezone.now())
        with transaction.atomic():
            purchases.settle(payment, by="hand", now=timezone.now())
    [repair] = ready("reconcile_payments", "--fix", "--patience", "0")

    def spends(member: Caller) -> Callable[[Http], Awaitable[int]]:
        async def act(http: Http) -> int:
            for spent, one in enumerate(sessions):
                answer = await send(http, server.base, book(member, one, "credits"))
                if answer.status != 201:
                    assert answer.code == "insufficient_credits"
                    return spent
            return CREDITS

        return act

    spent = together([*(spends(member) for member in members), repair])[:SPENDERS]
    assert repair.status == 0, repair.said
    for number, one in zip(spent, PackPurchase.objects.order_by("id").select_related("lot", "payment"), strict=True):
        assert (one.status, one.payment.status, one.lot.remaining) == ("refunded", "void", 0)
        taken = CreditEntry.objects.filter(lot=one.lot, kind="refunded").aggregate(sum=Sum("credits"))["sum"] or 0
        assert -taken == CREDITS - number
        told = [f"{number} credits were spent and never paid for"] if number else []
        assert list(UnmatchedMoney.objects.filter(payment=one.payment).values_list("why", flat=True)) == told


def test_without_its_guards_a_pack_refunded_twice_is_owed_twice(
    unguarded: Server, paid: PackPurchase, desk: Caller
) -> None:
    at_once(unguarded.base, [refund(desk, paid).without("debts")] * 8)
    assert sum(Refund.objects.values_list("amount", flat=True)) > PRICE
    assert {"refunds", "lots"} <= {law.split(":")[0] for law in laws.broken()}


def test_without_the_conditional_update_a_pack_is_refunded_and_spent(
    unguarded: Server, as_ana: Caller, paid: PackPurchase, desk: Caller
) -> None:
    at_once(unguarded.base, [sync(as_ana, paid)] * 16)  # a process that has just begun is slower than the pause
    spends = [book(as_ana, session(), "credits") for _ in range(4)]
    at_once(unguarded.base, [ask.without("credits") for ask in (*spends, refund(desk, paid))])
    paid.refresh_from_db()
    assert paid.status == "refunded"
    assert Booking.objects.filter(status="paid").exists()
    assert Refund.objects.get().amount == PRICE
