"""Lives that an intent can have at Stripe, each as what happens to it, at the sandbox and in the reference model."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.model.stripe_truth import Intent, StripeTruth

PART = 400


@dataclass(frozen=True)
class Happening:
    """One thing that happens: the sandbox's route (`{intent}`, `{refund}`, `{dispute}`) and the model's word for it."""

    route: str
    in_truth: Callable[[StripeTruth, Intent], object]
    body: dict[str, Any]


def _happening(route: str, in_truth: Callable[[StripeTruth, Intent], object], **body: Any) -> Happening:
    return Happening(route, in_truth, body)


CONFIRM = "payment_intents/{intent}/confirm"
PAID = _happening(CONFIRM, StripeTruth.pay, payment_method="pm_card_visa")
PAID_BY_SLOW_REFUNDER = _happening(CONFIRM, StripeTruth.pay, payment_method="pm_card_pendingRefund")
DECLINED = _happening(CONFIRM, StripeTruth.decline, payment_method="pm_card_chargeDeclined")
PROCESSING = _happening(CONFIRM, StripeTruth.process, payment_method="pm_sandbox_processing")
BANK_SAYS_YES = _happening("payment_intents/{intent}/settle", StripeTruth.pay, ok=True)
BANK_SAYS_NO = _happening("payment_intents/{intent}/settle", StripeTruth.decline, ok=False)
CANCELED = _happening("payment_intents/{intent}/cancel", StripeTruth.cancel)
PART_BACK = _happening(
    "payment_intents/{intent}/refund", lambda truth, intent: truth.give_back(intent, PART), amount=PART
)
REST_BACK = _happening("payment_intents/{intent}/refund", lambda truth, intent: truth.give_back(intent, intent.left))
PENDING_BACK = _happening(
    "payment_intents/{intent}/refund", lambda truth, intent: truth.give_back(intent, intent.left, None, "submitted")
)
PAID_OUT = _happening("refunds/{refund}/succeed", lambda truth, intent: truth.pay_out(truth.given_back[-1]))
CONTESTED = _happening("payment_intents/{intent}/dispute", StripeTruth.contest)
WON = _happening("disputes/{dispute}/close", lambda truth, intent: truth.decide(truth.disputes[-1], won=True), won=True)
LOST = _happening(
    "disputes/{dispute}/close", lambda truth, intent: truth.decide(truth.disputes[-1], won=False), won=False
)


@dataclass(frozen=True)
class Life:
    """What happens to one intent; `late`: Stripe had said that it refused to make it, so the seat was freed."""

    happenings: tuple[Happening, ...]
    late: bool = False


LIVES = {
    "paid": Life((PAID,)),
    "declined twice, then paid": Life((DECLINED, DECLINED, PAID)),
    "declined, processing, then paid": Life((DECLINED, PROCESSING, BANK_SAYS_YES)),
    "processing, declined by the bank, then paid": Life((PROCESSING, BANK_SAYS_NO, PAID)),
    "declined, processing, declined again": Life((DECLINED, PROCESSING, BANK_SAYS_NO)),
    "declined, then canceled": Life((DECLINED, CANCELED)),
    "processing, declined by the bank, then canceled": Life((PROCESSING, BANK_SAYS_NO, CANCELED)),
    "declined, paid, refunded in two parts": Life((DECLINED, PAID, PART_BACK, REST_BACK)),
    "processing, paid, refunded": Life((PROCESSING, BANK_SAYS_YES, REST_BACK)),
    "declined, paid, refunded slowly": Life((DECLINED, PAID_BY_SLOW_REFUNDER, PENDING_BACK, PAID_OUT)),
    "declined, paid, contested and won": Life((DECLINED, PAID, CONTESTED, WON)),
    "paid late": Life((DECLINED, PAID), late=True),
    "paid late, a part refunded": Life((DECLINED, PAID, PART_BACK), late=True),
    "processing, paid late, refunded": Life((PROCESSING, BANK_SAYS_YES, REST_BACK), late=True),
    "paid late, contested and lost": Life((PAID, CONTESTED, LOST), late=True),
}
