"""`check_integrity` of the purchases of packs: every clause finds its violation, and passes what looks like one."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Model
from django.utils import timezone

from booking import integrity
from payments.models import PackPurchase
from tests.booking import kept
from tests.booking.pack_look_alikes import LOOK_ALIKES
from tests.booking.test_integrity import _index, judge
from tests.booking.violations.packs import VIOLATIONS, bought, lot_of_a_pack
from tests.cast import Caller, Sandbox
from tests.payments.counter import buy, pack, pay

KEPT: list[Model] = []


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> None:
    """Ana's packs: one paid, one being bought, one declined, one that staff took back."""
    names = ("as_ana", "as_ben", "as_carla", "sandbox")
    kept.once(KEPT, lambda: _build(*map(request.getfixturevalue, names)))


def _build(as_ana: Caller, as_ben: Caller, as_carla: Caller, sandbox: Sandbox) -> None:
    five = pack()
    refunded = buy(as_ana, five)
    pay(sandbox, refunded)
    as_carla.post(f"/api/payments/purchases/{refunded.json()['purchase']}/refund/")
    sandbox.fault("status_before", "/v1/payment_intents$", status=400)
    buy(as_ana, five)
    pay(sandbox, buy(as_ana, five))
    buy(as_ana, pack(name="One", credits=1, amount=1400))


def test_a_healthy_shop_is_clean(shop: None) -> None:
    assert sorted(PackPurchase.objects.values_list("status", flat=True)) == ["freed", "paid", "pending", "refunded"]
    assert judge() == (0, {})


@pytest.mark.parametrize(
    ("law", "times", "break_it"), VIOLATIONS, ids=[f"{law}-{act.__name__}" for law, _, act in VIOLATIONS]
)
def test_a_law_finds_its_violation(shop: None, law: str, times: int, break_it: Callable[[], None]) -> None:
    break_it()
    status, found = judge()
    assert (status, found[law]) == (1, times), found


@pytest.mark.parametrize("resemble", LOOK_ALIKES, ids=[act.__name__ for act in LOOK_ALIKES])
def test_what_only_looks_like_a_violation_passes(shop: None, resemble: Callable[[], None]) -> None:
    resemble()
    assert judge() == (0, {})


def twin(**fields: Any) -> None:
    """A second purchase like the one that is paid, where the database no longer refuses it."""
    purchase = bought("paid")
    values = {"pk": None, "reference": "TW1CE000", "idempotency_key": None, **fields}
    for name, value in values.items():
        setattr(purchase, name, value)
    purchase.save(force_insert=True)


@pytest.mark.parametrize("shared", ["payment", "lot"])
def test_what_the_database_refuses_is_found_where_its_index_is_missing(shop: None, shared: str) -> None:
    other = {"payment": {"lot": lot_of_a_pack()}, "lot": {"payment": bought("freed").payment}}[shared]
    if shared == "lot":
        PackPurchase.objects.filter(status="freed").delete()
    _index(PackPurchase, shared, there=False)
    try:
        twin(**other)
        assert any("serves 2 purchases" in wrong for wrong in purchases_found())
    finally:
        PackPurchase.objects.filter(reference="TW1CE000").delete()
        _index(PackPurchase, shared, there=True)


def purchases_found() -> list[str]:
    verdicts = {verdict.name: verdict for verdict in integrity.check(now=timezone.now())}
    return [wrong for _, wrong in verdicts["purchases"].examples]
