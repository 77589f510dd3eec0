"""The steps that settings and database can tell of: messages, cron, and the studio itself."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.timesince import timesince

from booking.models import ClassSession, SessionType
from config import backlog
from config.environment import is_this_machine
from config.steps import State, Step, step
from members.models import CommandRun, Member
from notifications.templates import CATALOGUE
from payments.models import CreditPack

NIGHTLY, HOURLY = timedelta(hours=36), timedelta(hours=1)
# What cron runs, how often, and how long without it is too long.
CRON = {
    "expire_pending_bookings": ("every minute", backlog.PATIENCE),
    "submit_refunds": ("every minute", backlog.PATIENCE),
    "deliver_messages": ("every minute", backlog.PATIENCE),
    "send_reminders": ("every ten minutes", HOURLY),
    "generate_sessions": ("every night", NIGHTLY),
    "reconcile_payments": ("every night, with --fix", NIGHTLY),
    "check_integrity": ("every night", NIGHTLY),
}


def messages() -> list[Step]:
    """Whether members can be reached; no query."""
    return [_twilio(), _templates(), _mail(), _sender()]


def _twilio() -> Step:
    names = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_WHATSAPP_FROM")
    missing = [name for name in names if not getattr(settings, name)]
    fact = f"Not set: {', '.join(missing)}." if missing else "All three are set."
    advice = "Set them for messages on WhatsApp; without them messages go by e-mail alone."
    return step("Twilio's keys", not missing, fact, advice)


def _templates() -> Step:
    lacking = [kind for kind in CATALOGUE if kind not in settings.TWILIO_CONTENT_SIDS]
    fact = f"Without a template: {', '.join(lacking)}." if lacking else "Every kind of message has one."
    advice = "Have them approved at Twilio and name them in TWILIO_CONTENT_SIDS; until then these go by e-mail."
    return step("Templates of messages", not lacking, fact, advice)


def _mail() -> Step:
    host = settings.EMAIL_HOST
    fact = f"Mails leave through {host}." if host else "Mails are printed and reach nobody."
    advice = "Set EMAIL_HOST and what belongs to it: for password resets, and messages that WhatsApp cannot bring."
    return step("A server for e-mail", bool(host), fact, advice)


def _sender() -> Step:
    sender = settings.DEFAULT_FROM_EMAIL
    fine = not is_this_machine(sender.rpartition("@")[2].rstrip(">"))
    advice = "Set DEFAULT_FROM_EMAIL to an address that the e-mail server may send from."
    return step("A sender of e-mail", fine, f"Mails come from {sender}.", advice)


def cron(now: datetime) -> list[Step]:
    """When each command last came to its end; one query."""
    ran = {run.command: run for run in CommandRun.objects.all()}
    return [_cron(name, ran.get(name), now) for name in CRON if name != "send_reminders" or settings.REMINDER_HOURS]


def _cron(name: str, run: CommandRun | None, now: datetime) -> Step:
    often, patience = CRON[name]
    advice = f"Let cron run manage.py {name} {often}."
    if run is None or run.ended_at is None:
        return Step(name, State.TO_DO, "It has never run to its end.", advice)
    left = "" if run.done else " Something was left for the next run."
    fact = f"It last ended {timesince(run.ended_at, now)} ago.{left}"
    return step(name, now - run.ended_at <= patience, fact, advice)


def studio(now: datetime) -> list[Step]:
    """Whether there is something to sell, and who may sell it; four queries."""
    return [_address(), _zone(now), *_offers(now), _staff(), _second_factor()]


def _offers(now: datetime) -> list[Step]:
    coming = ClassSession.objects.filter(starts_at__gt=now, status=ClassSession.Status.SCHEDULED).exists()
    kinds, packs = SessionType.objects.exists(), CreditPack.objects.filter(active=True).exists()
    advice = {
        "Kinds of sessions": "Add one, and a rule that puts it into the timetable.",
        "A schedule": "Generate sessions from the rules, or bring them in with manage.py import_sessions.",
        "Packs of credits": "Add a pack, unless you sell single seats alone.",
    }
    facts = (
        (kinds, "There are some.", "There is none."),
        (coming, "Sessions are on.", "No session is coming."),
        (packs, "Packs are on sale.", "No pack is on sale."),
    )
    return [
        step(title, is_there, there if is_there else not_there, advice[title])
        for title, (is_there, there, not_there) in zip(advice, facts, strict=True)
    ]


def _staff() -> Step:
    number = Member.objects.filter(is_staff=True, is_active=True).count()
    fact = f"Members of staff who can sign in: {number}."
    return step(
        "A second member of staff", number > 1, fact, "Make a second one: who loses the only one is locked out."
    )


def _second_factor() -> Step:
    asked = settings.STAFF_SECOND_FACTOR == "required"
    fact = "Staff give a code from their phone." if asked else "A password alone opens the admin."
    return step("A second factor for staff", asked, fact, "Set STAFF_SECOND_FACTOR=required, once staff have a phone.")


def _address() -> Step:
    address = settings.PUBLIC_BASE_URL
    fine = urlsplit(address).scheme == "https" and not is_this_machine(address)
    advice = (
        "Set PUBLIC_BASE_URL to the https address of the studio: links in mails lead there, and Twilio answers there."
    )
    return step("The studio's address", fine, f"It is {address}.", advice)


def _zone(now: datetime) -> Step:
    zone = settings.STUDIO_TIME_ZONE
    fact = f"The clock of {zone} shows {now.astimezone(ZoneInfo(zone)):%H:%M}."
    return Step("The studio's clock", State.UNKNOWN, fact, "Does yours? If not, set STUDIO_TIME_ZONE.")
