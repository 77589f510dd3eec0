"""`check_integrity`: every law finds its violation, and passes what only looks like one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import call_command
from django.db import connection, models
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from booking.laws import laws
from booking.models import Booking, ClassSession
from members.models import Member
from notifications import delivery
from notifications.models import Message
from payments.models import Refund
from tests.booking import kept
from tests.booking.look_alikes import LOOK_ALIKES
from tests.booking.violations import VIOLATIONS
from tests.booking.violations.rows import card, refund, with_credits
from tests.booking.violations.seats import wrong_seats
from tests.cast import Caller, Sandbox, age, give_credits, intent_of, session, tell

NOW = timezone.now
ROOT = Path(__file__).resolve().parents[2]


def judge() -> tuple[int, dict[str, int]]:
    """The command's exit status, and how often each law is broken."""
    out = StringIO()
    try:
        call_command("check_integrity", "--json", stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), broken(out)
    return 0, broken(out)


def broken(out: StringIO) -> dict[str, int]:
    return {law["name"]: law["count"] for law in json.loads(out.getvalue())["laws"] if law["count"]}


KEPT: list[models.Model] = []


@pytest.fixture
def studio(request: pytest.FixtureRequest) -> ClassSession:
    """A studio in which everything has happened once: credits, card, free, a hold, an expired one, a late payment."""
    names = ("as_ana", "as_ben", "ana", "ben", "sandbox")
    kept.once(KEPT, lambda: _build(*map(request.getfixturevalue, names)))
    return ClassSession.objects.get(title="First")


def _build(as_ana: Caller, as_ben: Caller, ana: Member, ben: Member, sandbox: Sandbox) -> None:
    give_credits(ana, 3)
    give_credits(ben, 1, expires_at=NOW() + timedelta(days=30))
    first = session(title="First")
    as_ana.book(first, "credits")
    for event in paid(sandbox, as_ben.book(first, "card")):
        tell(event)
    as_ana.book(session(title="Free", amount=0))
    as_ana.book(session(title="Held"), "card")
    stale = as_ben.book(session(title="Stale"), "card").json()["reference"]
    age(stale, 60)
    call_command("expire_pending_bookings", stdout=StringIO())
    late = as_ben.book(session(title="Late"), "card")
    events = paid(sandbox, late)
    ClassSession.objects.filter(title="Late").update(starts_at=NOW() - timedelta(minutes=1))
    tell(events[0] | {"created": int(NOW().timestamp())})
    assert delivery.lane.wait(20)


def paid(sandbox: Sandbox, held: Any) -> list[Any]:
    sandbox.pays(intent_of(held))
    return [e for e in sandbox.events("payment_intent.succeeded") if e["data"]["object"]["id"] == intent_of(held)]


@pytest.mark.parametrize(
    ("law", "times", "break_it"), VIOLATIONS, ids=[f"{law}-{act.__name__}" for law, _, act in VIOLATIONS]
)
def test_a_law_finds_its_violation(studio: ClassSession, law: str, times: int, break_it: Callable[[], None]) -> None:
    break_it()
    status, found = judge()
    assert (status, found[law]) == (1, times), found


def test_a_healthy_studio_is_clean(studio: ClassSession) -> None:
    assert judge() == (0, {})


@pytest.mark.parametrize("resemble", LOOK_ALIKES, ids=[act.__name__ for act in LOOK_ALIKES])
def test_what_only_looks_like_a_violation_passes(studio: ClassSession, resemble: Callable[[], None]) -> None:
    resemble()
    assert judge() == (0, {})


def test_no_moment_of_a_busy_day_is_a_finding(
    as_ana: Caller, as_ben: Caller, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after every request to Stripe and Twilio the half-done work stands in the database, and is legal."""
    judged: list[tuple[int, dict[str, int]]] = []
    send = requests.adapters.HTTPAdapter.send

    def watched(self: Any, request: Any, **options: Any) -> Any:
        if "/_sandbox/" in request.url:
            return send(self, request, **options)
        judged.append(judge())
        answer = send(self, request, **options)
        judged.append(judge())
        return answer

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", watched)
    held = as_ana.book(session(title="Given up")).json()["reference"]
    as_ana.post(f"/api/booking/bookings/{held}/cancel/")
    late = as_ben.book(session(title="Late"), "card")
    age(late.json()["reference"], 60)
    call_command("expire_pending_bookings", stdout=StringIO())
    paid_late = as_ben.book(session(title="Paid late", capacity=1), "card")
    events = paid(sandbox, paid_late)
    ClassSession.objects.filter(title="Paid late").update(starts_at=NOW() - timedelta(minutes=1))
    tell(events[0] | {"created": int(NOW().timestamp())})
    call_command("submit_refunds", stdout=StringIO())
    assert Refund.objects.get().status == "succeeded"
    assert delivery.lane.wait(20)
    assert len(judged) > 10
    assert all(one == (0, {}) for one in judged), judged


def twin(booking: Booking, **fields: Any) -> None:
    """A second booking like this one, where the database no longer refuses it."""
    values = {"pk": None, "reference": "TW1CE000", "idempotency_key": None, **fields}
    for name, value in values.items():
        setattr(booking, name, value)
    booking.save(force_insert=True)


def second_holding_booking() -> None:
    twin(card(), payment=None, paid_with="free", amount=0)


def payment_for_two() -> None:
    twin(card(), member=Member.objects.get(name="Ana"), session=session(), status="freed")


def spend_for_two() -> None:
    twin(with_credits(), session=session(), status="freed")


def refund_recorded_twice() -> None:
    Refund.objects.update(stripe_refund_id="re_1")
    refund(card().payment, amount=1, stripe_refund_id="re_1")


def told_twice() -> None:
    message = Message.objects.filter(kind="booking_paid")[0]
    message.pk = "00000000-0000-4000-8000-000000000000"
    message.save(force_insert=True)


@pytest.mark.parametrize(
    ("law", "model", "index", "break_it"),
    [
        ("one_booking", Booking, "one_holding_booking_per_member_and_session", second_holding_booking),
        ("card_bookings", Booking, "payment", payment_for_two),
        ("spends", Booking, "credit_spend", spend_for_two),
        ("refunds", Refund, "stripe_refund_id", refund_recorded_twice),
        ("confirmations", Message, "one_message_per_kind_and_subject", told_twice),
    ],
)
def test_what_the_database_refuses_is_found_where_its_index_is_missing(
    studio: ClassSession, law: str, model: type[models.Model], index: str, break_it: Callable[[], None]
) -> None:
    """A restored backup may lack an index."""
    before = set(model.objects.values_list("pk", flat=True))
    _index(model, index, there=False)
    try:
        break_it()
        assert law in judge()[1]
    finally:
        model.objects.exclude(pk__in=before).delete()
        _index(model, index, there=True)


def _index(model: type[models.Model], name: str, *, there: bool) -> None:
    constraints = model._meta.constraints
    constraint = next((one for one in constraints if one.name == name), None)
    with connection.schema_editor() as editor:
        if constraint is not None and there:
            editor.add_constraint(model, constraint)
            return
        if constraint is not None:
            # SQLite makes the table anew, with what the model says at that moment.
            model._meta.constraints = [one for one in constraints if one is not constraint]
            editor.remove_constraint(model, constraint)
            model._meta.constraints = constraints
            return
        unique = model._meta.get_field(name)
        plain = models.ForeignKey(unique.related_model, models.PROTECT, null=True) if unique.is_relation else None
        plain = plain or models.CharField(max_length=unique.max_length, null=True)
        plain.set_attributes_from_name(name)
        plain.model = model
        editor.alter_field(model, *((plain, unique) if there else (unique, plain)))


def test_the_summary_is_one_line_and_the_details_name_what_is_wrong(studio: ClassSession, capsys: Any) -> None:
    wrong_seats()
    for verbosity in (1, 2):
        with pytest.raises(SystemExit):
            call_command("check_integrity", verbosity=verbosity)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == lines[-1] == f"check_integrity: {len(laws())} laws, 1 findings (seats 1)"
    assert f"  session {studio.pk}: 1 taken, 2 held, capacity 10" in lines


def test_many_findings_are_counted_and_twenty_are_named(studio: ClassSession) -> None:
    for number in range(25):
        session(title=f"Ghosts {number}", seats_taken=1)
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("check_integrity", "--json", stdout=out)
    seats = next(law for law in json.loads(out.getvalue())["laws"] if law["name"] == "seats")
    assert (seats["count"], len(seats["examples"])) == (25, 20)


def test_a_database_that_cannot_be_read_is_no_clean_one(studio: ClassSession, capsys: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_refund RENAME TO payments_refund_gone")
    try:
        with pytest.raises(SystemExit) as ended:
            call_command("check_integrity")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE payments_refund_gone RENAME TO payments_refund")
    assert ended.value.code == 2
    assert "could not be read" in capsys.readouterr().err


def test_a_database_that_lacks_migrations_is_not_judged(studio: ClassSession, capsys: Any) -> None:
    row = MigrationRecorder.Migration.objects.filter(app="booking").latest("name")
    row.delete()
    try:
        with pytest.raises(SystemExit) as ended:
            call_command("check_integrity")
    finally:
        MigrationRecorder(connection).record_applied("booking", row.name)
    assert ended.value.code == 2
    assert "lacks 1 migrations" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:9/nowhere", "sqlite:////nowhere/at/all.sqlite3"])
def test_a_database_that_cannot_be_reached_is_not_judged(url: str) -> None:
    command = [sys.executable, "manage.py", "check_integrity"]
    environment = {**os.environ, "DATABASE_URL": url}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2, ended.stderr
    assert "could not be read" in ended.stderr
