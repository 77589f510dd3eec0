"""Whoever waits outlasts whom they wait for, and each part was given the number that is written down."""

import re
import subprocess
import sys
import time
from typing import Any

import psycopg
import pytest
from django.db import connection

from config.timeouts import Timeouts
from tests.config.test_environment import ROOT, start
from tests.races.server import database_url

NGINX_KEEPS_IDLE = 60
GIVEN = """
from config import gunicorn, settings
from django.core.mail import get_connection
import django
django.setup()
from notifications import twilio_client
from payments import stripe_client
options = settings.DATABASES["default"]["OPTIONS"]
print(gunicorn.graceful_timeout, gunicorn.timeout, gunicorn.keepalive)
print(get_connection("boundary.mail.SmtpBackend").timeout, twilio_client._client().http_client.timeout)
print(*stripe_client._client()._requestor._get_http_client()._timeout)
print(options["pool"]["timeout"], options["connect_timeout"], options["options"])
"""


@pytest.mark.parametrize("stripe", range(1, 61))
def test_whoever_waits_outlasts_whom_they_wait_for(stripe: int) -> None:
    all_of = Timeouts(stripe_read=stripe)
    line = [all_of.proxy, all_of.graceful, all_of.stripe_call, all_of.statement, all_of.lock, all_of.pool]
    assert sorted({*line, all_of.connect}, reverse=True) == [*line, all_of.connect]
    assert all_of.graceful > max(all_of.twilio_call, all_of.report)
    assert min(all_of.twilio_call, all_of.report, all_of.email) > all_of.statement
    assert all_of.stripe_call > all_of.stripe_place > all_of.stripe_silence
    assert all_of.keepalive > NGINX_KEEPS_IDLE
    assert all_of.idle_in_transaction > all_of.report


def test_the_table_of_the_docs_is_these_numbers() -> None:
    rows = re.findall(r"^\| (\w+) \| .* \| (\d+) \|$", (ROOT / "docs" / "server.md").read_text(), re.M)
    assert len(rows) == 12
    assert rows == [(name, str(getattr(Timeouts(stripe_read=8), name))) for name, _ in rows]
    assert [int(seconds) for _, seconds in rows] == sorted((int(seconds) for _, seconds in rows), reverse=True)


def test_each_part_was_given_its_number() -> None:
    keys = {"STRIPE_SECRET_KEY": "sk_test_x", "TWILIO_ACCOUNT_SID": "ACx", "TWILIO_AUTH_TOKEN": "token"}
    more = {"DATABASE_URL": "postgresql://h/d", "DJANGO_SETTINGS_MODULE": "config.settings"}
    ended = start(GIVEN, **keys, **more, STRIPE_TIMEOUT_SECONDS="60")
    assert ended.returncode == 0, ended.stderr
    waits = Timeouts(stripe_read=60)
    assert ended.stdout.splitlines() == [
        f"{waits.graceful} {waits.heartbeat} {waits.keepalive}",
        f"{waits.email} {waits.twilio}",
        f"{waits.stripe_connect} 60",
        f"{waits.pool} {waits.connect} -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s",
    ]


def test_behind_pgbouncer_a_connection_brings_no_options() -> None:
    ask = "from config import settings as s; print(sorted(s.DATABASES['default']['OPTIONS']))"
    shown = start(ask, DATABASE_URL="postgresql://h/d", PGBOUNCER="on").stdout
    assert shown == "['connect_timeout', 'pool']\n"


READING = """
import django
django.setup()
from django.conf import settings
from django.db import connections
from django.utils import timezone
from booking import integrity
from booking.models import Booking
from boundary.long_reading import long_reading
connections.settings["default"]["OPTIONS"]["options"] = "-c statement_timeout=200ms -c lock_timeout=0"
"""
WAYS = {
    "a request": "Booking.objects.count()",
    "a report": "with long_reading(seconds=30): Booking.objects.count()",
    "the laws": "assert len(integrity.check(now=timezone.now())) > 10",
}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite ends no statement")
@pytest.mark.parametrize("way", WAYS)
def test_reports_and_laws_may_read_longer_than_a_request(way: str) -> None:
    """They wait, until longer than a statement may, for somebody who holds the table."""
    env = {"PATH": "", "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "config.settings"}
    with psycopg.connect(_plain(), autocommit=True) as watch, psycopg.connect(_plain()) as holder:
        holder.execute("LOCK TABLE booking_booking IN ACCESS EXCLUSIVE MODE")
        reads = subprocess.Popen(
            [sys.executable, "-c", READING + WAYS[way]], cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True
        )
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND now() - query_start > '500ms'"
        while reads.poll() is None and not watch.execute(waits).fetchone():
            time.sleep(0.02)
        holder.rollback()
    _, said = reads.communicate(timeout=60)
    ended = "canceling statement due to statement timeout" in said
    assert (reads.returncode == 0, ended) == ((False, True) if way == "a request" else (True, False)), said


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite ends no statement")
@pytest.mark.parametrize(("served", "limit"), [("from config import wsgi", "7s"), ("", "0")])
def test_statements_of_requests_are_limited_and_those_of_commands_are_not(served: str, limit: str) -> None:
    ask = f"""
{served}
import django
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    print(cursor.execute("SHOW statement_timeout").fetchone()[0])
"""
    ended = start(ask, DATABASE_URL=database_url(), DJANGO_SETTINGS_MODULE="config.settings")
    assert ended.stdout == f"{limit}\n", ended.stderr


def _plain() -> Any:
    """Where the database is, without the limits of the program."""
    return re.sub(r"options=[^&]*&?", "", database_url()).rstrip("?&")
