"""What happens at Stripe without the program: payers, their banks, and whoever sits at the dashboard."""

from typing import Any

from hypothesis.stateful import precondition
from hypothesis.strategies import booleans, data, sampled_from

from tests.model.play import Play, step
from tests.model.stripe_truth import Intent

PART = 400


class Payers(Play):
    """The program hears of all this by webhooks, or by asking."""

    @precondition(lambda self: self.payable())
    @step(data=data())
    def pay(self, data: Any) -> None:
        intent = data.draw(sampled_from(self.payable()))
        self._at(intent, "confirm", payment_method="pm_card_visa")
        self.model.stripe.pay(intent)

    @precondition(lambda self: self.payable())
    @step(data=data(), card=sampled_from(["pm_card_chargeDeclined", "pm_card_chargeDeclinedInsufficientFunds"]))
    def decline(self, data: Any, card: str) -> None:
        intent = data.draw(sampled_from(self.payable()))
        self._at(intent, "confirm", payment_method=card)
        self.model.stripe.decline(intent)

    @precondition(lambda self: self.payable())
    @step(data=data())
    def leave_the_issuers_question_open(self, data: Any) -> None:
        intent = data.draw(sampled_from(self.payable()))
        self._at(intent, "confirm", payment_method="pm_card_authenticationRequired")
        self.model.stripe.ask_the_payer(intent)

    @precondition(lambda self: self.with_status("requires_action"))
    @step(data=data(), ok=booleans())
    def answer_the_issuers_question(self, data: Any, ok: bool) -> None:
        intent = data.draw(sampled_from(self.with_status("requires_action")))
        self._at(intent, "authenticate", ok=ok)
        (self.model.stripe.pay if ok else self.model.stripe.decline)(intent)

    @precondition(lambda self: self.payable())
    @step(data=data())
    def pay_with_a_slow_bank(self, data: Any) -> None:
        intent = data.draw(sampled_from(self.payable()))
        self._at(intent, "confirm", payment_method="pm_sandbox_processing")
        self.model.stripe.process(intent)

    @precondition(lambda self: self.with_status("processing"))
    @step(data=data(), ok=booleans())
    def the_bank_decides(self, data: Any, ok: bool) -> None:
        self.settle(data.draw(sampled_from(self.with_status("processing"))), ok=ok)

    @precondition(lambda self: self.refundable())
    @step(data=data(), whole=booleans())
    def refund_in_the_dashboard(self, data: Any, whole: bool) -> None:
        intent = data.draw(sampled_from(self.refundable()))
        amount = intent.left if whole else min(PART, intent.left)
        self._at(intent, "refund", amount=amount)
        self.model.stripe.give_back(intent, amount)

    @precondition(lambda self: any(made.status == "succeeded" for made in self.model.stripe.given_back))
    @step(data=data())
    def send_a_refund_back(self, data: Any) -> None:
        made = data.draw(sampled_from([one for one in self.model.stripe.given_back if one.status == "succeeded"]))
        row = self.world.given_back()[self.model.stripe.given_back.index(made)]
        self._did(f"refunds/{row['id']}/fail")
        self.model.stripe.send_back(made)

    @precondition(lambda self: self.uncontested())
    @step(data=data())
    def contest_a_charge(self, data: Any) -> None:
        intent = data.draw(sampled_from(self.uncontested()))
        self._at(intent, "dispute")
        self.model.stripe.contest(intent)

    @precondition(lambda self: any(dispute.status == "needs_response" for dispute in self.model.stripe.disputes))
    @step(data=data(), won=booleans())
    def decide_a_dispute(self, data: Any, won: bool) -> None:
        truth = self.model.stripe
        dispute = data.draw(sampled_from([one for one in truth.disputes if one.status == "needs_response"]))
        row = self.world.disputes()[truth.disputes.index(dispute)]
        self._did(f"disputes/{row['id']}/close", won=won)
        truth.decide(dispute, won=won)

    def settle(self, intent: Intent, *, ok: bool) -> None:
        self._at(intent, "settle", ok=ok)
        (self.model.stripe.pay if ok else self.model.stripe.decline)(intent)

    def refundable(self) -> list[Intent]:
        return [intent for intent in self.with_status("succeeded") if intent.refundable]

    def uncontested(self) -> list[Intent]:
        return [intent for intent in self.with_status("succeeded") if intent.dispute is None]

    def _at(self, intent: Intent, act: str, **body: Any) -> None:
        self._did(f"payment_intents/{self.id_of(intent)}/{act}", **body)

    def _did(self, route: str, **body: Any) -> None:
        answer = self.world.sandbox.control("POST", route, **body)
        assert "error" not in answer or answer["error"].get("type") == "card_error", answer
