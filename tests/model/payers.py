"""What happens at Stripe without the program: payers, their banks, and whoever sits at the dashboard."""

from typing import Any

from tests.model.ledger import Debt
from tests.model.play import Play, act
from tests.model.stripe_truth import GivenBack, Intent

PART = 400


class Payers(Play):
    """The program hears of all this by webhooks, or by asking."""

    @act(often=9, when=lambda play: play.payable())
    def pay(self) -> None:
        late = [intent for intent in self.payable() if not intent.shown]
        intent = self.choose("intent", [*late * 5, *self.payable()])
        self._at(intent, "confirm", payment_method="pm_card_visa")
        self.model.stripe.pay(intent)

    @act(often=4, when=lambda play: play.payable())
    def decline(self) -> None:
        intent = self.choose("intent", self.payable())
        self._at(intent, "confirm", payment_method="pm_card_chargeDeclined")
        self.model.stripe.decline(intent)

    @act(often=3, when=lambda play: play.payable())
    def leave_the_issuers_question_open(self) -> None:
        intent = self.choose("intent", self.payable())
        self._at(intent, "confirm", payment_method="pm_card_authenticationRequired")
        self.model.stripe.ask_the_payer(intent)

    @act(often=12, when=lambda play: play.with_status("requires_action"))
    def answer_the_issuers_question(self) -> None:
        intent, ok = self.choose("intent", self.with_status("requires_action")), self.choose("ok", (True, False))
        self._at(intent, "authenticate", ok=ok)
        (self.model.stripe.pay if ok else self.model.stripe.decline)(intent)

    @act(often=4, when=lambda play: play.payable())
    def pay_with_a_slow_bank(self) -> None:
        intent = self.choose("intent", self.payable())
        self._at(intent, "confirm", payment_method="pm_sandbox_processing")
        self.model.stripe.process(intent)

    @act(often=5, when=lambda play: play.with_status("processing"))
    def the_bank_decides(self) -> None:
        self.settle(self.choose("intent", self.with_status("processing")), ok=self.choose("ok", (True, False)))

    @act(often=6, when=lambda play: play.refundable())
    def refund_in_the_dashboard(self) -> None:
        owing = [debt.payment for debt in self.model.debts if debt.status == "due"]
        twice = [intent for intent in self.refundable() if intent.payment in owing]
        intent = self.choose("intent", [*twice * 4, *self.refundable()])
        amount = self.choose("amount", (min(PART, intent.left), intent.left))
        self._at(intent, "refund", amount=amount)
        self.model.stripe.give_back(intent, amount)

    @act(often=3, when=lambda play: play.returnable())
    def send_a_refund_back(self) -> None:
        made = self.choose("refund", self.returnable())
        row = self.world.given_back()[self.model.stripe.given_back.index(made)]
        self._did(f"refunds/{row['id']}/fail")
        self.model.stripe.send_back(made)

    @act(when=lambda play: play.uncontested())
    def contest_a_charge(self) -> None:
        intent = self.choose("intent", self.uncontested())
        self._at(intent, "dispute")
        self.model.stripe.contest(intent)

    @act(often=5, when=lambda play: any(dispute.status == "needs_response" for dispute in play.model.stripe.disputes))
    def decide_a_dispute(self) -> None:
        truth, won = self.model.stripe, self.choose("won", (True, False))
        dispute = self.choose("dispute", [one for one in truth.disputes if one.status == "needs_response"])
        row = self.world.disputes()[truth.disputes.index(dispute)]
        self._did(f"disputes/{row['id']}/close", won=won)
        truth.decide(dispute, won=won)

    def settle(self, intent: Intent, *, ok: bool) -> None:
        self._at(intent, "settle", ok=ok)
        (self.model.stripe.pay if ok else self.model.stripe.decline)(intent)

    def returnable(self) -> list[GivenBack]:
        """Refunds that can fail: one of a debt once, and one of the dashboard that stood for no debt.

        What else fails is left to staff, and the law `payments` says so until they have owed it again.
        """
        done = [one for one in self.model.stripe.given_back if one.status == "succeeded"]
        first = [one for one in done if isinstance(one.debt, Debt) and one.debt.attempt == 1]
        return first + [one for one in done if not one.debt and self.model.booking_of(one.intent).status == "paid"]

    def refundable(self) -> list[Intent]:
        """Not while a refund that bounced still stands as done here: what the next brings would seem too much."""
        return [one for one in self.with_status("succeeded") if one.refundable and not self._unheard_of(one)]

    def uncontested(self) -> list[Intent]:
        return [intent for intent in self.with_status("succeeded") if intent.dispute is None]

    def _unheard_of(self, intent: Intent) -> bool:
        payment = self.model.booking_of(intent).payment
        known = [debt.at_stripe for debt in payment.debts if debt.status == "failed"] if payment else []
        return any(made.status == "failed" and made not in known for made in intent.given_back)

    def _at(self, intent: Intent, act: str, **body: Any) -> None:
        self._did(f"payment_intents/{self.id_of(intent)}/{act}", **body)

    def _did(self, route: str, **body: Any) -> None:
        answer = self.world.sandbox.control("POST", route, **body)
        assert "error" not in answer or answer["error"].get("type") == "card_error", answer
