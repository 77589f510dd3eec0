"""The counter where packs are sold."""

from datetime import timedelta
from typing import Any

from payments.models import CreditEntry, CreditPack, PackPurchase
from tests.cast import Caller, Sandbox, intent_of, tell

SUCCEEDED, FAILED = "payment_intent.succeeded", "payment_intent.payment_failed"


def pack(**fields: Any) -> CreditPack:
    """Five credits for 55 pounds, good for ninety days."""
    values = {"name": "Five classes", "credits": 5, "amount": 5500, "currency": "gbp", "valid_days": 90, **fields}
    return CreditPack.objects.create(**values)


def buy(caller: Caller, of: CreditPack, key: str | None = None) -> Any:
    headers = {"Idempotency_Key": key} if key is not None else {}
    return caller.post(f"/api/payments/packs/{of.pk}/buy/", **headers)


def pay(sandbox: Sandbox, bought: Any, card: str = "pm_card_visa") -> None:
    """The card pays, and whatever Stripe has to tell arrives."""
    sandbox.pays(intent_of(bought), card)
    news(sandbox)


def news(sandbox: Sandbox) -> None:
    for type_ in (SUCCEEDED, FAILED, "payment_intent.processing", "payment_intent.canceled"):
        for event in reversed(sandbox.events(type_)):
            tell(event)


def purchase() -> PackPurchase:
    return PackPurchase.objects.select_related("payment", "lot", "member").get()


def balance(caller: Caller) -> int:
    return int(caller.get("/api/payments/credits/").json()["balance"])


def moves() -> list[tuple[str, int]]:
    """Every movement of credits, in order."""
    return list(CreditEntry.objects.order_by("id").values_list("kind", "credits"))


def age_purchase(minutes: int) -> None:
    """Make the purchase older, as if that many minutes had passed since it was made."""
    row, delta = purchase(), timedelta(minutes=minutes)
    PackPurchase.objects.update(created_at=row.created_at - delta, expires_at=row.expires_at - delta)
