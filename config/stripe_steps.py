"""The steps to Stripe: keys, and the webhook. What only Stripe can tell is asked when somebody presses the button."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Max
from django.urls import reverse
from django.utils.timesince import timesince

from config.environment import is_this_machine
from config.steps import State, Step, step
from payments import stripe_client
from payments.models import StripeEvent
from payments.stripe_client import API_VERSION, StripeRejected, StripeUnavailable
from payments.stripe_objects import Endpoint
from payments.webhooks import TYPES

KEYS = "STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET"
# No column of types is indexed: so many of the latest events tell enough, and take no time.
LATEST = 10_000
ASK = "Press “Check now” to ask Stripe."
SILENT = "Try again; if it stays so, look at status.stripe.com and at the way out of this machine."


@dataclass(frozen=True)
class Answer:
    """What Stripe said just now: why it refused the key, or the endpoints it has, unless it did not tell."""

    refused: str = ""
    silent: bool = False
    endpoints: list[Endpoint] | None = None


def can_ask() -> bool:
    """Whether there is a key to ask with."""
    return bool(settings.STRIPE_SECRET_KEY)


def ask() -> Answer:
    """Two questions, outside of transactions, each as long as STRIPE_TIMEOUT_SECONDS lets it. Network."""
    try:
        stripe_client.accept_key()
    except (StripeUnavailable, StripeRejected) as error:
        refused = isinstance(error, StripeRejected) or str(error) == "authentication_failed"
        return Answer(refused=str(error) if refused else "", silent=not refused)
    try:
        return Answer(endpoints=stripe_client.endpoints())
    except (StripeUnavailable, StripeRejected):
        return Answer()


def steps(answer: Answer | None, now: datetime) -> list[Step]:
    """Every step to Stripe; two queries."""
    return [_keys(), _mode(), _accepted(answer), _registered(answer), *_heard(now)]


def _is_set(name: str) -> bool:
    return bool(settings.STRIPE_WEBHOOK_SECRETS if name == "STRIPE_WEBHOOK_SECRET" else getattr(settings, name))


def _keys() -> Step:
    missing = [name for name in KEYS if not _is_set(name)]
    fact = f"Not set: {', '.join(missing)}." if missing else "All three are set."
    return step("Stripe's keys", not missing, fact, "Set them in the environment of the program; see the README.")


def _mode() -> Step:
    if not settings.STRIPE_SECRET_KEY:
        return Step("Live mode", State.UNKNOWN, "There is no key yet.")
    fact = "The keys are live: cards are charged." if settings.STRIPE_LIVE else "The keys are of a test mode."
    return step(
        "Live mode", settings.STRIPE_LIVE, fact, "Before you open: set the live keys, and the secret of a live webhook."
    )


def _accepted(answer: Answer | None) -> Step:
    title = "Stripe takes the key"
    if answer is None:
        return Step(title, State.UNKNOWN, "Nobody has asked.", ASK)
    if answer.silent:
        return Step(title, State.UNKNOWN, "Stripe did not answer.", SILENT)
    fact = f"Stripe refused it: {answer.refused}." if answer.refused else "It does, just now."
    advice = "Set STRIPE_SECRET_KEY anew; a restricted key must be able to write payment intents and refunds."
    return step(title, not answer.refused, fact, advice)


def _registered(answer: Answer | None) -> Step:
    """Whether an endpoint of ours is told of everything the program knows how to take."""
    title, wanted = "Webhook registered", f"{settings.PUBLIC_BASE_URL}{reverse('stripe-webhook')}"
    if answer is None:
        return Step(title, State.UNKNOWN, f"It should be {wanted}.", ASK)
    if answer.endpoints is None:
        return Step(title, State.UNKNOWN, "Stripe did not tell.", f"Look in Stripe's dashboard for {wanted}.")
    ours = [endpoint for endpoint in answer.endpoints if _alike(endpoint.url, wanted)]
    if not ours:
        advice = f"Register it at Stripe for: {', '.join(TYPES)}. (`stripe listen` is in no list.)"
        return Step(title, State.TO_DO, f"Stripe has no webhook for {wanted}.", advice)
    enabled = [endpoint for endpoint in ours if endpoint.enabled]
    if not enabled:
        return Step(title, State.TO_DO, f"{wanted} is disabled.", "Enable it in Stripe's dashboard.")
    told = {type_ for endpoint in enabled for type_ in endpoint.types}
    missing = [type_ for type_ in TYPES if type_ not in told] if "*" not in told else []
    if missing:
        return Step(title, State.TO_DO, f"It is not told of {', '.join(missing)}.", "Add these events to it at Stripe.")
    other = {endpoint.api_version for endpoint in enabled} - {API_VERSION, ""}
    fact = f"It speaks {', '.join(sorted(other))}." if other else f"{wanted} is told of all it needs."
    return step(title, not other, fact, f"Make the endpoint anew with the API version {API_VERSION}.")


def _heard(now: datetime) -> list[Step]:
    """What has come: only events with a right signature, of payments of ours, leave a trace."""
    newest = StripeEvent.objects.order_by("-id").values_list("pk", flat=True).first() or 0
    latest = StripeEvent.objects.filter(pk__gt=newest - LATEST).order_by()
    arrived = dict(latest.values_list("type").annotate(Max("received_at")))
    title, kinds = "Webhook heard", "Kinds of events heard"
    if not arrived:
        advice = (
            f"Book by card and pay. If nothing comes: is {settings.PUBLIC_BASE_URL} reachable, and the secret right?"
        )
        return [
            Step(title, State.TO_DO, "No event with a right signature has come yet.", advice),
            Step(kinds, State.UNKNOWN, "None yet."),
        ]
    heard = Step(title, State.DONE, f"The last one came {timesince(max(arrived.values()), now)} ago.")
    never = [type_ for type_ in TYPES if type_ not in arrived]
    fact = f"Come: {', '.join(type_ for type_ in TYPES if type_ in arrived)}."
    if not never:
        return [heard, Step(kinds, State.DONE, fact)]
    advice = "Some are rare. “Check now” tells whether Stripe would send them."
    return [heard, Step(kinds, State.UNKNOWN, f"{fact} Never: {', '.join(never)}.", advice)]


def _alike(one: str, other: str) -> bool:
    """Whether two addresses are the same; this machine has several names."""
    try:
        first, second = urlsplit(one), urlsplit(other)
        same_port = first.port == second.port
    except ValueError:
        return False
    same_host = first.hostname == second.hostname or (is_this_machine(one) and is_this_machine(other))
    return same_host and same_port and (first.scheme, first.path) == (second.scheme, second.path)
