"""What the API says, in the reference model."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.model.ledger import Booking
from tests.model.stripe_truth import Rejected, Silent


class Refused(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@dataclass(frozen=True)
class Answer:
    """An HTTP status, the code of a refusal, the booking that is shown, whether its secret to pay with is."""

    status: int
    code: str = ""
    booking: Booking | None = None
    secret: bool = False


def answered(act: Callable[[], Answer]) -> Answer:
    """What is said of an act, also when it was refused or Stripe did not answer."""
    try:
        return act()
    except Refused as refused:
        return Answer(refused.status, refused.code)
    except Rejected:
        return Answer(502, "payment_rejected")
    except Silent:
        return Answer(503, "payments_unavailable")
