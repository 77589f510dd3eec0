"""The first steps of a studio: what is done, what is to do, and what only Stripe can tell."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from freezegun import freeze_time

from booking.models import ClassSession
from config.studio_steps import CRON
from members.models import CommandRun, Member
from notifications.templates import CATALOGUE
from payments.models import CreditPack, Payment, StripeEvent
from payments.webhooks import TYPES
from tests.booking.test_timetable import kind
from tests.cast import Caller, Sandbox, paid_by_card, session
from tests.races.server import ROOT, settings_of_this_run
from tests.sandbox.conftest import eventually

PAGE = "/admin/checklist/"
HOOK = "https://studio.example.com/api/booking/stripe/webhook/"
ITEM = re.compile(
    r'<li class="(\w+)">\s*<span class="state">([\w ]+)</span>\s*'
    r"<div><strong>(.*?)</strong><p>(.*?)</p>(?:<p class=\"advice\">(.*?)</p>)?</div>"
)


class Steps:
    """The page as somebody reads it."""

    def __init__(self, answer: Any) -> None:
        assert answer.status_code == 200
        assert "unsafe" not in answer["Content-Security-Policy"]
        self.text = answer.content.decode()
        found = [tuple(map(unescape, each)) for each in ITEM.findall(self.text)]
        self.states = {title: state for _look, state, title, _fact, _advice in found}
        self.facts = {title: fact for _look, _state, title, fact, _advice in found}
        self.advice = {title: advice for _look, _state, title, _fact, advice in found}


def steps(desk: Client) -> Steps:
    return Steps(desk.get(PAGE))


def asked(desk: Client) -> Steps:
    return Steps(desk.post(PAGE))


@pytest.fixture
def studio(settings: Any) -> None:
    settings.PUBLIC_BASE_URL = "https://studio.example.com"


@pytest.fixture
def hooked(sandbox: Sandbox, studio: None) -> Iterator[Sandbox]:
    """The sandbox has our webhook registered; nothing happens there, so nothing is sent."""
    sandbox.control("POST", "configure", webhook_url=HOOK)
    yield sandbox
    sandbox.control("POST", "configure", webhook_url=None, webhook_events=["*"])


def test_a_fresh_installation_has_everything_to_do(desk: Client, settings: Any) -> None:
    page = steps(desk)
    assert page.facts["Stripe's keys"].startswith("Not set: STRIPE_SECRET_KEY, STRIPE_PUBLISHABLE_KEY")
    to_do = {title for title, state in page.states.items() if state == "to do"}
    assert to_do == {
        "Stripe's keys", "Webhook heard", "Twilio's keys", "Templates of messages", "A server for e-mail",
        "A sender of e-mail", *CRON, "The studio's address", "Kinds of sessions", "A schedule", "Packs of credits",
        "A second member of staff", "A second factor for staff",
    }  # fmt: skip
    assert all(page.advice[title] for title in to_do), "each says what to do"
    assert "0 of " in page.text
    assert "Check now</" not in page.text, "there is no key to ask with"
    assert asked(desk).states == page.states, "and a press of no button asks nobody"
    assert 'href="/admin/checklist/"' in desk.get("/admin/").content.decode()


def test_a_studio_that_is_set_up_has_little_left(
    desk: Client, sandbox: Sandbox, as_ana: Caller, ana: Member, settings: Any, request: pytest.FixtureRequest
) -> None:
    paid_by_card(as_ana, session(), sandbox)
    request.getfixturevalue("hooked")
    settings.STRIPE_LIVE = True
    settings.EMAIL_HOST, settings.DEFAULT_FROM_EMAIL = "mail.example.com", "Studio <hello@example.com>"
    ana.is_staff = True
    ana.save()
    kind()
    session()
    CreditPack.objects.create(name="Five", credits=5, amount=5000, currency="gbp", valid_days=90)
    for command in CRON:
        CommandRun.objects.create(command=command, ended_at=timezone.now())
    page = asked(desk)
    left = {title: state for title, state in page.states.items() if state != "done"}
    untold = {"Kinds of events heard": "cannot tell", "The studio's clock": "cannot tell"}
    assert left == {**untold, "A second factor for staff": "to do"}, "Carla gives a password alone"
    assert "payment_intent.succeeded" in page.facts["Kinds of events heard"].split("Never")[0]
    assert "charge.dispute.created" in page.facts["Kinds of events heard"].split("Never")[1]


def test_the_page_asks_nobody_until_the_button_is_pressed(desk: Client, hooked: Sandbox) -> None:
    page = steps(desk)
    assert page.states["Stripe takes the key"] == page.states["Webhook registered"] == "cannot tell"
    assert "Check now" in page.advice["Stripe takes the key"]
    assert hooked.control("GET", "requests")["requests"] == []
    page = asked(desk)
    assert page.states["Stripe takes the key"] == page.states["Webhook registered"] == "done"
    paths = [row["path"] for row in hooked.control("GET", "requests")["requests"]]
    assert paths == ["/v1/payment_intents", "/v1/webhook_endpoints"]
    assert desk.put(PAGE).status_code == 405


def test_a_key_that_stripe_refuses_is_told(desk: Client, hooked: Sandbox, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_wrong"
    page = asked(desk)
    assert (page.states["Stripe takes the key"], page.states["Webhook registered"]) == ("to do", "cannot tell")
    assert "refused" in page.facts["Stripe takes the key"]


@pytest.mark.parametrize("fault", ["status_before", "reset_before", "hang_before", "garbage"])
def test_a_stripe_that_does_not_answer_leaves_the_page_whole(
    desk: Client, hooked: Sandbox, settings: Any, fault: str
) -> None:
    settings.STRIPE_TIMEOUT_SECONDS = 1
    hooked.fault(fault, "/v1/payment_intents", method="GET", times=5)
    page = asked(desk)
    assert page.facts["Stripe takes the key"] == "Stripe did not answer."
    assert page.states["Stripe takes the key"] == page.states["Webhook registered"] == "cannot tell"
    hooked.clear_faults()
    hooked.fault(fault, "/v1/webhook_endpoints", method="GET", times=5)
    page = asked(desk)
    assert (page.states["Stripe takes the key"], page.states["Webhook registered"]) == ("done", "cannot tell")


def test_a_webhook_that_is_not_registered_or_not_told_of_enough_is_told(desk: Client, hooked: Sandbox) -> None:
    for url in (None, HOOK[:-1], HOOK.replace("studio", "other")):
        hooked.control("POST", "configure", webhook_url=url)
        page = asked(desk)
        assert page.facts["Webhook registered"] == f"Stripe has no webhook for {HOOK}."
        assert all(type_ in page.advice["Webhook registered"] for type_ in TYPES)
    hooked.control("POST", "configure", webhook_url=HOOK, webhook_events=[*TYPES[:-1], "customer.created"])
    assert asked(desk).facts["Webhook registered"] == f"It is not told of {TYPES[-1]}."
    hooked.control("POST", "configure", webhook_events=[*TYPES])
    assert asked(desk).states["Webhook registered"] == "done"


def test_this_machine_has_several_names(desk: Client, hooked: Sandbox, settings: Any) -> None:
    settings.PUBLIC_BASE_URL = "http://localhost:8000"
    hooked.control("POST", "configure", webhook_url="http://127.0.0.1:8000/api/booking/stripe/webhook/")
    assert asked(desk).states["Webhook registered"] == "done"
    hooked.control("POST", "configure", webhook_url="http://127.0.0.1:8001/api/booking/stripe/webhook/")
    assert asked(desk).states["Webhook registered"] == "to do"


@pytest.mark.parametrize("command", [*CRON])
def test_a_command_that_comes_to_its_end_leaves_a_sign_of_life(desk: Client, sandbox: Sandbox, command: str) -> None:
    assert steps(desk).states[command] == "to do"
    words = ["--patience", "0"] if command == "reconcile_payments" else []
    call_command(command, *words, stdout=StringIO())
    page = steps(desk)
    assert page.states[command] == "done"
    assert [title for title in CRON if page.states[title] == "done"] == [command]
    call_command(command, *words, stdout=StringIO())
    assert CommandRun.objects.count() == 1
    with freeze_time(timezone.now() + timedelta(days=2), tick=True):
        assert steps_of_another_day(desk).states[command] == "to do"


def steps_of_another_day(desk: Client) -> Steps:
    desk.force_login(Member.objects.get(email="carla@example.com"))
    return steps(desk)


def test_one_that_stays_leaves_signs_of_life_while_it_is_there(desk: Client, sandbox: Sandbox) -> None:
    variables = {**os.environ, **settings_of_this_run(sandbox.base)}
    words = [sys.executable, "manage.py", "deliver_messages", "--watch"]
    with subprocess.Popen(words, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watching:
        eventually(CommandRun.objects.exists, within=60)
        assert steps(desk).states["deliver_messages"] == "done"
        watching.send_signal(signal.SIGINT)
        out, err = watching.communicate(timeout=20)
    assert (watching.returncode, out, err) == (0, b"deliver_messages: nothing due\n", b"")


def test_a_dry_run_is_no_sign_of_life(desk: Client, sandbox: Sandbox) -> None:
    for command in ("expire_pending_bookings", "generate_sessions", "send_reminders"):
        call_command(command, "--dry-run", stdout=StringIO())
    assert not CommandRun.objects.exists()


def test_a_run_that_left_something_is_alive_and_says_so(desk: Client) -> None:
    one = session()
    ClassSession.objects.filter(pk=one.pk).update(seats_taken=3)
    with pytest.raises(SystemExit):
        call_command("check_integrity", stdout=StringIO())
    page = steps(desk)
    assert page.states["check_integrity"] == "done"
    assert "Something was left" in page.facts["check_integrity"]


def test_reminders_that_are_off_need_no_cron(desk: Client, settings: Any) -> None:
    settings.REMINDER_HOURS = 0
    assert "send_reminders" not in steps(desk).states


def test_kinds_of_messages_without_a_template_are_named(desk: Client, sandbox: Sandbox, settings: Any) -> None:
    settings.TWILIO_CONTENT_SIDS = dict.fromkeys([*CATALOGUE][2:], "HX" + "1" * 32)
    page = steps(desk)
    first, second = [*CATALOGUE][:2]
    assert page.facts["Templates of messages"] == f"Without a template: {first}, {second}."
    assert page.states["Twilio's keys"] == "done"


def test_no_secret_stands_on_the_page(desk: Client, hooked: Sandbox, settings: Any) -> None:
    settings.EMAIL_HOST_PASSWORD = "a-password-of-mail"
    secrets = [settings.STRIPE_SECRET_KEY, *settings.STRIPE_WEBHOOK_SECRETS, settings.STRIPE_PUBLISHABLE_KEY,
               settings.TWILIO_AUTH_TOKEN, settings.TWILIO_ACCOUNT_SID, "a-password-of-mail"]  # fmt: skip
    text = asked(desk).text
    assert not [secret for secret in secrets if secret[-8:] in text]


def test_the_page_costs_the_same_queries_however_much_there_is(desk: Client, as_ana: Caller, sandbox: Sandbox) -> None:
    paid_by_card(as_ana, session(), sandbox)
    with CaptureQueriesContext(connection) as few:
        steps(desk)
    now = timezone.now()
    for number in range(3):
        StripeEvent.objects.create(event_id=f"evt_{number}", type=TYPES[number], payment=Payment.objects.get(),
                                   created_at=now, received_at=now)  # fmt: skip
        session()
        CommandRun.objects.get_or_create(command=[*CRON][number], ended_at=now)
    with CaptureQueriesContext(connection) as many:
        steps(desk)
    assert len(few) == len(many) <= 12


def test_it_is_for_those_who_run_the_studio(ana: Member, carla: Member) -> None:
    member, staff = Client(), Client()
    member.force_login(ana)
    staff.force_login(carla)
    for browser in (Client(), member):
        assert browser.get(PAGE).status_code == browser.post(PAGE).status_code == 302
    assert staff.get(PAGE).status_code == staff.post(PAGE).status_code == 403
    assert PAGE not in staff.get("/admin/").content.decode()
