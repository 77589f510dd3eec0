"""Members who are signed in and can pay, in the product and in the yardstick, and what they book."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta

from bench.prepared import ROOT

# isort: split
# What needs Django to be set up, which the line above does.
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from booking.models import ClassSession
from members.models import Member, MemberSession
from members.session_store import SessionStore
from payments.models import CreditEntry, CreditLot
from tests.faults.durable import answers

# Beyond whatever a studio of bench.studio has, and below what the sequences give from then on.
FIRST = 1_000_000_000
NEXT = 2_000_000_000
MEMBERS = 50_000
# More members, for whom no load books anything.
ASIDE = 1_000
SESSIONS = 1_000
ENOUGH = 1_000_000
HOT = FIRST
# Without a seat; and a few that nobody books: the seats that are held beforehand are theirs.
FULL = HOT + SESSIONS + 1
HELD = FULL + 1
MOST_HELD = 20

YARDSTICK = """
    INSERT INTO auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active,
            date_joined)
        SELECT n, '!', false, 'crowd' || n, '', '', '', false, true, now() FROM generate_series(1, {members}) n;
    INSERT INTO authtoken_token (key, created, user_id)
        SELECT 'crowd' || lpad(n::text, 35, '0'), now(), n FROM generate_series(1, {members}) n;
    INSERT INTO yardstick_account (user_id, balance) SELECT n, {enough} FROM generate_series(1, {members}) n;
    INSERT INTO yardstick_lesson (id, title, starts_at, capacity, seats_taken)
        SELECT n, 'Yoga at seven', now(), {enough}, 0 FROM generate_series(1, {sessions} + 1) n;
"""


def token(number: int) -> str:
    """What the n-th member of the crowd signs in with, in the product."""
    return f"crowd{number:027d}"


def yardstick_token(number: int) -> str:
    """The same, in the yardstick, whose first member is the first and not the zeroth."""
    return f"crowd{number + 1:035d}"


def settle_in() -> None:
    """Write the product's crowd and its sessions: a hot one, a thousand others, a full one, and those of HELD."""
    now = timezone.now()
    crowd = [Member(pk=FIRST + n, email=f"crowd{n}@example.com", name=f"Crowd {n}") for n in range(MEMBERS + ASIDE)]
    for member in crowd:
        member.password = "!"
    given = {"granted": ENOUGH, "remaining": ENOUGH, "source": "grant", "created_at": now}
    lots = [CreditLot(pk=member.pk, member=member, **given) for member in crowd]
    entries = [CreditEntry(lot=lot, kind="granted", credits=ENOUGH, created_at=now) for lot in lots]
    _write(crowd, lots, entries, _sessions(now), _sign_ins(crowd, now))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT setval(format('%I.%I', schemaname, sequencename), {NEXT}) FROM pg_sequences")
        cursor.execute("VACUUM ANALYZE")


def settle_in_yardstick() -> None:
    """Make the yardstick's tables, and as many members and lessons."""
    more = {"DJANGO_SETTINGS_MODULE": "bench.yardstick.settings"}
    for how in ([], ["--run-syncdb"]):
        command = [sys.executable, "-m", "django", "migrate", "--verbosity", "0", *how]
        subprocess.run(command, cwd=ROOT, env=os.environ | more, check=True)
    filled = YARDSTICK.format(members=MEMBERS, enough=ENOUGH, sessions=SESSIONS)
    for statement in (filled, "VACUUM ANALYZE"):
        answers(os.environ["YARDSTICK_DATABASE_URL"], statement)


def _sessions(now: datetime) -> list[ClassSession]:
    start = now + timedelta(days=20)
    told = {"title": "Yoga at seven", "instructor": "Isla", "location": "Studio 1", "amount": 1500, "currency": "gbp"}
    return [
        ClassSession(
            pk=HOT + n,
            starts_at=start + timedelta(minutes=n),
            ends_at=start + timedelta(minutes=n + 60),
            capacity=0 if HOT + n == FULL else ENOUGH,
            credits_required=1,
            **told,
        )
        for n in range(HELD + MOST_HELD - HOT)
    ]


def _sign_ins(crowd: list[Member], now: datetime) -> list[MemberSession]:
    store, backend, later = SessionStore(), settings.AUTHENTICATION_BACKENDS[0], now + timedelta(days=10)
    rows = []
    for n, member in enumerate(crowd):
        told = {SESSION_KEY: str(member.pk), BACKEND_SESSION_KEY: backend}
        told[HASH_SESSION_KEY] = member.get_session_auth_hash()
        data = store.encode(told)
        rows.append(MemberSession(session_key=token(n), session_data=data, expire_date=later, member=member))
    return rows


def _write(*batches: Iterable[Model]) -> None:
    with transaction.atomic():
        for batch in batches:
            rows = list(batch)
            type(rows[0])._default_manager.bulk_create(rows, batch_size=2_000)
