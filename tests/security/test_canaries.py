"""No secret is in what the program writes: each is planted, everything is broken, and all output is searched."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.totp.internal.auth import TOTP
from django.db import connection
from django.utils import timezone

from members.models import Member
from notifications.models import Message
from notifications.templates import CATALOGUE
from tests.cast import Caller, Sandbox, intent_of, session
from tests.races.commands import PATIENCE_SECONDS
from tests.races.server import ROOT, Server
from tests.security.canaries import DATABASE_PASSWORD, INSTALLED, NOWHERE, environment
from tests.security.front import Front, cookie_of
from tests.security.searched import Searched

PASSWORD = "canary-of-ana-and-the-wall"
TOTP_SECRET = "CANARYSECRETCANARYSECRETCANARYSE"
PHONE = "7700900123"
OLD, NEW = INSTALLED["STRIPE_WEBHOOK_SECRET"].split(",")
APP, API = "/_allauth/app/v1/auth", "/api/booking"
WEBHOOK, REPLY = f"{API}/stripe/webhook/", "/api/notifications/twilio/reply/"
FAULTS = ("status_before", "status_after", "reset_before", "reset_after", "truncated", "garbage")


@contextmanager
def gone(*tables: str) -> Iterator[None]:
    """Tables that are not there: whoever asks for them crashes."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} RENAME TO {table}_gone")
        try:
            yield
        finally:
            for table in tables:
                cursor.execute(f"ALTER TABLE {table}_gone RENAME TO {table}")


@pytest.fixture
def ana(production: Server, real_hash: None) -> Member:
    """Ana, whose password, phone and second factor are canaries."""
    member = Member.objects.create_user(
        "ana@example.com", PASSWORD, name="Ana", phone=f"+44{PHONE}", whatsapp_opt_in=True
    )
    TOTP.activate(member, TOTP_SECRET)
    return member


@pytest.fixture
def searched(ana: Member) -> Searched:
    known = {name: part for name, value in INSTALLED.items() for part in value.split(",")}
    known |= {"old webhook secret": OLD, "database": DATABASE_PASSWORD}
    return Searched({**known, "password": PASSWORD, "second factor": TOTP_SECRET, "phone": PHONE})


def test_no_secret_is_in_any_output(
    production: Server, front: Front, sandbox: Sandbox, ana: Member, boss: Member, searched: Searched
) -> None:
    sandbox.control("POST", "configure", twilio_callbacks=False)
    token, reset = Caller(ana).headers, f"{user_pk_to_url_str(ana)}-{default_token_generator.make_token(ana)}"
    searched.know(token=token["X-Session-Token"], reset=reset.split("-", 1)[1])
    _guesses_and_broken_bodies(front, searched, reset)
    _calendar(front, searched, token)
    _card(front, sandbox, searched, token)
    _forged_news(front, searched)
    _messages(sandbox, ana)
    _pages(front, searched, boss, ana)
    with gone("payments_payment", "members_membersession", "members_member"):
        _crashes(front, searched, token)
    with ThreadPoolExecutor() as both:
        without = both.submit(_commands, sandbox, DATABASE_URL=NOWHERE, COMMANDS="check_integrity")
        searched.look("commands", _commands(sandbox))
        searched.look("commands without a database", without.result())
    assert not any(fault["times"] for fault in sandbox.control("GET", "faults")["faults"]), "each was met"
    journal = json.dumps(sandbox.control("GET", "requests"))
    searched.look("journal of the vendors", journal.replace(PHONE, ""))  # whom to write to, Twilio has to know
    searched.look("log of the server", production.log.read_text())
    searched.look_at_tables()
    assert searched.looked >= 60
    assert searched.leaks == []


def _guesses_and_broken_bodies(front: Front, searched: Searched, reset: str) -> None:
    right = {"email": "ana@example.com", "password": PASSWORD}
    wrong = {"email": PASSWORD, "password": PASSWORD, "phone": f"+44{PHONE}x", "key": f"{reset}x"}
    broken = json.dumps(wrong)[:-5].encode()
    json_type = {"Content-Type": "application/json"}
    for path in (f"{APP}/login", f"{APP}/signup", f"{APP}/password/request", f"{APP}/password/reset"):
        searched.look(path, front.post(path, wrong).text)
        searched.look(path, front.send("POST", path, data=broken, headers=json_type).text)
    searched.look("mail that cannot leave", front.post(f"{APP}/password/request", {"email": "ana@example.com"}).text)
    front.post(f"{APP}/login", right)  # the second factor is asked for
    for path in ("/api/members/me/", f"{API}/sessions/1/book/", "/api/members/", WEBHOOK):
        searched.look(path, front.send("POST", path, data=broken, headers=json_type).text)
    for path in ("/accounts/login/", "/admin/login/", f"/accounts/password/reset/key/{reset}/"):
        searched.look(path, front.send("POST", path, data={"login": "x@example.com", "password": PASSWORD}).text)


def _calendar(front: Front, searched: Searched, token: dict[str, str]) -> None:
    made = front.post(f"{API}/calendar/", headers=token)
    assert made.status_code == 201, made.text
    [secret] = re.findall(r"calendar/([0-9A-Za-z_-]{43})\.ics", made.text)
    searched.know(calendar=secret)
    feed = f"{API}/calendar/{secret}.ics"
    searched.look("feed", front.get(feed).text)
    with gone("booking_calendarfeed"):
        searched.look("feed that crashes", front.get(feed).text)


def _card(front: Front, sandbox: Sandbox, searched: Searched, token: dict[str, str]) -> None:
    held = front.post(f"{API}/sessions/{session().pk}/book/", {"pay_with": "card"}, headers=token)
    assert held.status_code == 201, held.text
    searched.know(client_secret=held.json()["stripe_client_secret"])
    reference = held.json()["reference"]
    sandbox.pays(intent_of(held), "pm_card_chargeDeclined")
    for fault in FAULTS:
        sandbox.fault(fault, "/v1/", method="GET|POST", times=2)
        path = f"{API}/bookings/{reference}/sync/"
        searched.look(fault, front.post(path, headers=token).text)
        sandbox.clear_faults()
    for fault in FAULTS[:4]:
        sandbox.fault(fault, "/v1/", method="POST", times=2)
        refused = front.post(f"{API}/sessions/{session().pk}/book/", {"pay_with": "card"}, headers=token)
        for given in re.findall(r"pi_\w+_secret_\w+", refused.text):
            searched.know(**{f"client_secret, {fault}": given})
        sandbox.clear_faults()
    for path in (f"{API}/bookings/", f"{API}/bookings/{reference}/", f"{API}/bookings/{reference}/history/"):
        searched.look(path, front.get(path, headers=token).text)


def _forged_news(front: Front, searched: Searched) -> None:
    for signature in ("", "t=1,v1=00", f"t=1,v1={NEW}", "v0=1", f"t=x,{OLD}"):
        answer = front.post(WEBHOOK, {"id": "evt_1"}, headers={"Stripe-Signature": signature})
        searched.look("forged event", answer.text)
        posted = front.send("POST", REPLY, data={"From": "x"}, headers={"X-Twilio-Signature": signature})
        searched.look("forged reply", posted.text)


def _messages(sandbox: Sandbox, ana: Member) -> None:
    """For each fault one to send and one whose answer was lost: its number is in the address of the look for it."""
    variables = dict.fromkeys(CATALOGUE["booking_paid"].variables, "x")
    now = timezone.now()
    moments = {"created_at": now, "due_at": now}
    for fault in FAULTS:
        for method, status in (("POST", "queued"), ("GET", "unknown")):
            sandbox.fault(fault, "/Messages", method=method, times=1)
            told = {"subject": f"{fault}:{status}", "kind": "booking_paid", "variables": variables}
            Message.objects.create(member=ana, status=status, **told, **moments)


def _pages(front: Front, searched: Searched, boss: Member, ana: Member) -> None:
    headers = cookie_of(boss)
    seen = ["payments/payment/", "payments/stripeevent/", "mfa/authenticator/", "members/staffact/", "checklist/"]
    seen += ["attention/", f"mfa/authenticator/{ana.authenticator_set.get().pk}/change/"]
    for path in seen:
        answer = front.get(f"/admin/{path}", headers=headers)
        assert answer.status_code == 200, path
        searched.look(path, answer.text)
    for path in ("/metrics", "/readyz", "/nothing/", "/api/nothing/", "/api/schema/"):
        searched.look(path, front.get(path).text)


def _crashes(front: Front, searched: Searched, token: dict[str, str]) -> None:
    for path in ("/api/members/me/", f"{API}/bookings/", "/admin/", "/readyz", "/metrics", "/accounts/login/"):
        searched.look(f"{path} that crashes", front.get(path, headers={**token, "Cookie": "__Host-sessionid=x"}).text)
    answer = front.post(f"{APP}/login", {"email": "ana@example.com", "password": PASSWORD}, client="192.0.2.9")
    assert answer.status_code == 500
    searched.look("signing in that crashes", answer.text)


def _commands(sandbox: Sandbox, **more: str) -> str:
    """What the commands say, of whichever stream."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.security.crew"],
        cwd=ROOT,
        env={**os.environ, **environment(sandbox.base), **more},
        capture_output=True,
        text=True,
        timeout=10 * PATIENCE_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout + ended.stderr


@pytest.mark.parametrize(
    "text", [f"x {PASSWORD} x", json.dumps({"a": TOTP_SECRET}), f"?To=whatsapp%3A%2B44{PHONE}", INSTALLED["SECRET_KEY"]]
)
def test_the_search_finds_what_is_there(searched: Searched, text: str) -> None:
    """In words, in JSON, in an address."""
    searched.look("planted", text)
    assert len(searched.leaks) == 1
