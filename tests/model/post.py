"""What the network does with webhooks and with the program's calls: any order, twice, renamed, never; silence."""

from tests.model.play import Play, act
from tests.model.stripe_truth import Event
from tests.model.world import PATHS

SILENCES = [
    *(("create", how) for how in ("before", "after", "refused", *4 * ["lied"])),
    *((operation, how) for operation in ("retrieve", "cancel", "cancel", "refund") for how in ("before", "after")),
]


class Post(Play):
    """Every event is the sandbox's own, its signature really computed."""

    @act(often=8, when=lambda play: play.pending)
    def deliver(self) -> None:
        self.hand_over(self.choose("event", self.pending))

    @act(often=5, when=lambda play: play.pending)
    def deliver_the_newest(self) -> None:
        self.hand_over(self.pending[-1])

    @act(often=3, when=lambda play: play.taken())
    def deliver_twice(self) -> None:
        self.hand_over(self.choose("event", self.taken()))

    @act(often=3, when=lambda play: play.model.stripe.events)
    def resend_under_another_id(self) -> None:
        event = self.choose("event", self.model.stripe.events)
        self.resent += 1
        self.hand_over(event, event_id=f"evt_resent_{self.resent}")

    @act(when=lambda play: play.pending)
    def lose_an_event(self) -> None:
        event = self.choose("event", self.pending)
        self.pending.remove(event)
        self.lost.append(event)

    @act(often=4, when=lambda play: len(play.model.stripe.armed) < len(PATHS))
    def stripe_will_not_answer_once(self) -> None:
        operation, how = self.choose("silence", [one for one in SILENCES if one[0] not in self.model.stripe.armed])
        self.model.stripe.armed[operation] = how
        self.world.fault(operation, how)

    @act(when=lambda play: play.model.stripe.armed)
    def stripe_answers_again(self) -> None:
        self.model.stripe.armed.clear()
        self.world.sandbox.clear_faults()

    def taken(self) -> list[Event]:
        """The events that the program has taken by the id they have."""
        told = zip(self.model.stripe.events, self.events, strict=True)
        return [event for event, body in told if body["id"] in self.model.heard]

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
