"""What is true at Stripe, in plain Python: intents, money given back, disputes, and the events that tell of them.

Part of the reference model. It knows of faults only this: which call of the program is the next that Stripe will not
answer well, and whether the call had its effect.
"""

from dataclasses import dataclass, field

PAYABLE = ("requires_payment_method", "requires_action")


class Silent(Exception):
    """Stripe gave no usable answer."""


class Busy(Silent):
    """It said so before anything was done."""


class Lost(Silent):
    """The answer was lost, after it was done."""


class Rejected(Exception):
    """Stripe refused the request for good, or so it said."""


@dataclass(eq=False)
class Intent:
    """One PaymentIntent: `declined` while the error of its last attempt stands, `shown` once its secret was given."""

    amount: int
    payment: object
    status: str = "requires_payment_method"
    declined: bool = False
    shown: bool = False
    given_back: "list[GivenBack]" = field(default_factory=list)
    dispute: "Dispute | None" = None

    @property
    def left(self) -> int:
        """What of the money has not gone back."""
        received = self.amount if self.status == "succeeded" else 0
        return received - sum(one.amount for one in self.given_back if one.status != "failed")

    @property
    def refundable(self) -> bool:
        return self.left > 0 and (self.dispute is None or self.dispute.status == "won")


@dataclass(eq=False)
class GivenBack:
    """A refund at Stripe; `debt` is the program's row it was made for, None when it was made in the dashboard."""

    intent: Intent
    amount: int
    debt: object = None
    status: str = "succeeded"


@dataclass(eq=False)
class Dispute:
    intent: Intent
    status: str = "needs_response"


@dataclass(frozen=True, eq=False)
class Event:
    """What happened, and how the object stood then."""

    type: str
    intent: Intent
    status: str
    declined: bool = False
    about: GivenBack | Dispute | None = None


class StripeTruth:
    """All intents and events in their order, and the one call that will go wrong: `armed[operation]` says how."""

    def __init__(self) -> None:
        self.intents: list[Intent] = []
        self.given_back: list[GivenBack] = []
        self.disputes: list[Dispute] = []
        self.events: list[Event] = []
        self.armed: dict[str, str] = {}

    # What the program asks for ------------------------------------------------------------------------------------

    def create(self, payment: object, amount: int) -> tuple[Intent, bool]:
        """The one intent of this payment, however often its key is used; True when the answer is a repetition."""
        how = self._strike("create")
        made = self.intent_of(payment)
        intent = made or Intent(amount, payment)
        if made is None:
            self.intents.append(intent)
        self._after(how)
        return intent, made is not None

    def intent_of(self, payment: object) -> Intent | None:
        return next((intent for intent in self.intents if intent.payment is payment), None)

    def retrieve(self, intent: Intent) -> None:
        self._after(self._strike("retrieve"))

    def cancel(self, intent: Intent) -> None:
        """Cancels what can still be paid; whatever else it is, the answer says so."""
        how = self._strike("cancel")
        if intent.status in PAYABLE:
            intent.status = "canceled"
            self._tell("payment_intent.canceled", intent)
        self._after(how)

    def refund(self, debt: object, intent: Intent, amount: int) -> GivenBack:
        """Gives it back once for each debt."""
        how = self._strike("refund")
        made = next((one for one in self.given_back if one.debt is debt), None)
        possible = made is not None or (intent.refundable and amount <= intent.left)
        if possible and made is None:
            made = self.give_back(intent, amount, debt)
        self._after(how)
        if made is None:
            raise Rejected
        return made

    def _strike(self, operation: str) -> str:
        how = self.armed.pop(operation, "")
        if how == "before":
            raise Busy
        if how == "refused":
            raise Rejected
        return how

    @staticmethod
    def _after(how: str) -> None:
        if how == "after":
            raise Lost
        if how == "lied":
            raise Rejected

    # What payers, banks and whoever sits at the dashboard do ----------------------------------------------------------

    def pay(self, intent: Intent) -> None:
        intent.status, intent.declined = "succeeded", False
        self._tell("payment_intent.succeeded", intent)

    def decline(self, intent: Intent) -> None:
        intent.status, intent.declined = "requires_payment_method", True
        self._tell("payment_intent.payment_failed", intent)

    def ask_the_payer(self, intent: Intent) -> None:
        intent.status, intent.declined = "requires_action", False

    def process(self, intent: Intent) -> None:
        intent.status, intent.declined = "processing", False
        self._tell("payment_intent.processing", intent)

    def give_back(self, intent: Intent, amount: int, debt: object = None, status: str = "succeeded") -> GivenBack:
        made = GivenBack(intent, amount, debt, status)
        intent.given_back.append(made)
        self.given_back.append(made)
        self._tell("refund.created", intent, about=made)
        return made

    def pay_out(self, made: GivenBack) -> None:
        """The bank ends a refund that was pending."""
        made.status = "succeeded"
        self._tell("refund.updated", made.intent, about=made)

    def send_back(self, made: GivenBack) -> None:
        """The bank returns a refund: the money is the studio's again."""
        made.status = "failed"
        self._tell("refund.updated", made.intent, about=made)
        self._tell("refund.failed", made.intent, about=made)

    def contest(self, intent: Intent) -> None:
        intent.dispute = Dispute(intent)
        self.disputes.append(intent.dispute)
        self._tell("charge.dispute.created", intent, about=intent.dispute)

    def decide(self, dispute: Dispute, *, won: bool) -> None:
        dispute.status = "won" if won else "lost"
        self._tell("charge.dispute.closed", dispute.intent, about=dispute)

    def _tell(self, type_: str, intent: Intent, about: GivenBack | Dispute | None = None) -> None:
        status = about.status if about else intent.status
        self.events.append(Event(type_, intent, status, intent.declined, about))
