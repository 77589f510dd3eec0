"""The flows: what was before, what is asked, and what must be true in the end, whenever the process was killed.

A new flow is one more entry in FLOWS.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.faults import scenes, truths
from tests.faults.trial import Trial
from tests.races.clients import JSON, Ask, book, cancel, tell

Scene = Callable[[Trial], None]


@dataclass(frozen=True)
class Flow:
    """`asks` makes the request of a trial, or `runs` says what cron starts; `truth` lists what is wrong at the end."""

    name: str
    truth: Callable[[Trial], list[str]]
    asks: Callable[[Trial], Ask] | None = None
    runs: Callable[[Trial], tuple[str, ...]] = lambda trial: ()
    exits: tuple[int, ...] = (0,)
    scene: Scene = scenes.nothing
    session: dict[str, Any] = field(default_factory=dict)
    # Who asks again when no answer came: the client the same request, or Stripe the same event.
    by_stripe: bool = False
    # Stripe dates to the second: a flow that reads lists from a moment on needs a second of its own for each trial.
    # That is slow, so it is left to the large run.
    slow: bool = False


def _book(how: str) -> Callable[[Trial], Ask]:
    return lambda trial: book(trial.caller, trial.session, how, key=trial.key)


def _about(act: str) -> Callable[[Trial], Ask]:
    def ask(trial: Trial) -> Ask:
        assert trial.booking is not None
        if act == "cancel":
            return cancel(trial.caller, trial.booking)
        path = f"/api/booking/bookings/{trial.booking.reference}/{act}/"
        return Ask(path, {**JSON, **trial.caller.headers})

    return ask


def _event(trial: Trial) -> Ask:
    return tell(trial.event)


def _told(name: str, scene: Scene, truth: Callable[[Trial], list[str]]) -> Flow:
    return Flow(name, truth, asks=_event, scene=scene, by_stripe=True)


def _run(*words: str) -> Callable[[Trial], tuple[str, ...]]:
    return lambda trial: words


def _reconcile(trial: Trial) -> tuple[str, ...]:
    since = trial.began_at.strftime("%Y-%m-%dT%H:%M:%S")
    return ("reconcile_payments", "--fix", "--patience", "0", "--since", since)


FLOWS = (
    Flow("book with credits", truths.paid_with_credits, asks=_book("credits"), scene=scenes.has_a_credit),
    Flow("book a free session", truths.paid_for_free, asks=_book("auto"), session={"amount": 0, "credits_required": 0}),
    Flow("book by card", truths.paid_by_card, asks=_book("card"), scene=scenes.will_pay),
    Flow("resume a card booking", truths.paid_by_card, asks=_book("card"), scene=scenes.holds_and_will_pay),
    Flow(
        "book in a full session with a stale hold", truths.seated_instead, asks=_book("credits"),
        scene=scenes.somebody_held_it,
    ),
    Flow("grant credits", truths.granted_once, asks=scenes.grant, scene=scenes.staff_ask),
    Flow("sync", truths.paid_by_card, asks=_about("sync"), scene=scenes.paid_untold),
    Flow("cancel", truths.freed, asks=_about("cancel"), scene=scenes.holds),
    _told("webhook succeeded", scenes.paid_untold, truths.paid_by_card),
    _told("webhook payment_failed", scenes.declined, truths.freed),
    _told("webhook canceled", scenes.canceled_at_stripe, truths.freed),
    _told("webhook succeeded after the seat is gone", scenes.paid_too_late, truths.returned_once),
    _told("webhook refund of the dashboard", scenes.returned_in_dashboard, truths.dashboard_recorded),
    _told("webhook refund failed at the bank", scenes.refund_failed, truths.returned_once),
    _told("webhook dispute", scenes.contested, truths.contested_once),
    Flow("expire_pending_bookings", truths.freed, runs=_run("expire_pending_bookings"), scene=scenes.holds_too_long),
    Flow("submit_refunds", truths.returned_once, runs=_run("submit_refunds"), scene=scenes.owed),
    Flow(
        "submit_refunds after a failure at the bank", truths.returned_once, runs=_run("submit_refunds"),
        scene=scenes.owed_again,
    ),
    Flow(
        "submit_refunds of what the dashboard returned", truths.dashboard_was_first, runs=_run("submit_refunds"),
        exits=(0, 1), scene=scenes.owed_and_returned_in_dashboard,
    ),
    Flow("deliver_messages", truths.told_once, runs=_run("deliver_messages"), scene=scenes.has_a_message),
    Flow("reconcile_payments --fix of a payment", truths.paid_by_card, runs=_reconcile, scene=scenes.paid_news_lost),
    Flow(
        "reconcile_payments --fix of a refund", truths.dashboard_recorded, runs=_reconcile,
        scene=scenes.returned_news_lost, slow=True,
    ),
)  # fmt: skip
