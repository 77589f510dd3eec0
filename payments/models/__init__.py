"""The rows of the app, by what they are about."""

from payments.models.credit import CreditEntry, CreditLot, CreditSpend
from payments.models.pack import CreditPack, PackPurchase
from payments.models.payment import Payment, StripeEvent
from payments.models.reconciliation import Reconciliation
from payments.models.refund import Dispute, Refund, UnmatchedMoney

__all__ = [
    "CreditEntry",
    "CreditLot",
    "CreditPack",
    "CreditSpend",
    "Dispute",
    "PackPurchase",
    "Payment",
    "Reconciliation",
    "Refund",
    "StripeEvent",
    "UnmatchedMoney",
]
