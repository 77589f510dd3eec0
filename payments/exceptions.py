"""The refusals of payments: status, code, sentence."""

from typing import ClassVar

from rest_framework import status
from rest_framework.exceptions import APIException


class PaymentsNotConfigured(APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "payments_not_configured"
    default_detail = "Card payments are not set up here; nothing is held. Credits still work."


class PaymentsUnavailable(APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "payments_unavailable"
    default_detail = "The payment provider did not answer; what you hold stands. Send the same request again."
    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}


class PaymentUndecided(PaymentsUnavailable):
    default_detail = "The payment provider cannot end this payment now; what you hold stands."


class PaymentRejected(APIException):
    status_code = status.HTTP_502_BAD_GATEWAY
    default_code = "payment_rejected"
    default_detail = "The payment provider refused the payment; nothing is held."


class InsufficientCredits(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "insufficient_credits"
    default_detail = "You do not have enough credits for this session."


class IdempotencyKeyReused(APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"
    default_detail = "This Idempotency-Key was used for a different request."


class LedgerMoved(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "ledger_moved"
    default_detail = "These credits have moved since you looked. Look again."


class PackUsed(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "pack_used"
    default_detail = "Credits of this pack were spent; only an unused pack can be refunded."


class NotRefundable(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "not_refundable"
    default_detail = "This purchase is not paid, or was refunded already."


class NotReturnable(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "not_returnable"
    default_detail = "Only what a member has paid can go back to them."


class ChargeContested(NotReturnable):
    default_detail = "The payer contests this charge at their bank: a refund could pay it back twice."


class RefundsMoved(NotReturnable):
    default_detail = "Something else was returned of this payment since you looked. Look again."


class CreditsMoved(Exception):
    """Another spend took credits between our reading and our taking: roll back and look again."""


class RefundTooLarge(Exception):
    """More was to be given back than is left of what a payment received."""


class BadWebhook(Exception):
    """A webhook whose signature or body does not hold."""
