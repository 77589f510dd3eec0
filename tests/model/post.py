"""What the network does with webhooks and with the program's calls: any order, twice, renamed, never; silence."""

from typing import Any

from hypothesis.stateful import precondition
from hypothesis.strategies import data, sampled_from

from tests.model.play import Play, step
from tests.model.stripe_truth import Event

SILENCES = [
    *(("create", how) for how in ("before", "after", "refused", "lied", "lied")),
    *((operation, how) for operation in ("retrieve", "cancel", "cancel", "refund") for how in ("before", "after")),
]


class Post(Play):
    """Every event is the sandbox's own, its signature really computed."""

    @precondition(lambda self: self.pending)
    @step(data=data())
    def deliver(self, data: Any) -> None:
        self.hand_over(data.draw(sampled_from(self.pending)))

    @precondition(lambda self: self.pending)
    @step(data=data())
    def deliver_the_newest(self, data: Any) -> None:
        self.hand_over(self.pending[-1])

    @precondition(lambda self: self.model.heard)
    @step(data=data())
    def deliver_twice(self, data: Any) -> None:
        known = [event["id"] in self.model.heard for event in self.events]
        choice = [event for event, heard in zip(self.model.stripe.events, known, strict=True) if heard]
        if choice:
            self.hand_over(data.draw(sampled_from(choice)))
            self.model.reached["event repeated"] += 1

    @precondition(lambda self: self.model.stripe.events)
    @step(data=data())
    def resend_under_another_id(self, data: Any) -> None:
        event = data.draw(sampled_from(self.model.stripe.events))
        self.resent += 1
        self.hand_over(event, event_id=f"evt_resent_{self.resent}")

    @precondition(lambda self: self.pending)
    @step(data=data())
    def lose_an_event(self, data: Any) -> None:
        event = data.draw(sampled_from(self.pending))
        self.pending.remove(event)
        self.lost.append(event)

    @step(silence=sampled_from(SILENCES))
    def stripe_will_not_answer_once(self, silence: tuple[str, str]) -> None:
        operation, how = silence
        if operation not in self.model.stripe.armed:
            self.model.stripe.armed[operation] = how
            self.world.fault(operation, how)

    def hand_over(self, event: Event, event_id: str = "") -> None:
        """Tell the program; what it takes for its own is not pending any more."""
        body = self.events[self.model.stripe.events.index(event)]
        body = {**body, "id": event_id or body["id"]}
        expected = self.model.hear(event, body["id"])
        answer = self.world.tell(body)
        assert (answer.status_code, answer.json()) == (200, {"received": expected}), event
        self.tally.answers[f"event {expected}"] += 1
        if expected != "ignored" and event in self.pending:
            self.pending.remove(event)
