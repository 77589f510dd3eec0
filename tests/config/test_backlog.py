"""Cron stands still: the probes say so, and seats come back all the same."""

import contextlib
import time
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from booking.models import Booking
from config import backlog
from members.models import Member
from notifications import delivery
from notifications.models import Message
from payments.models import Payment, Refund
from tests.cast import Caller, Sandbox, age, code, give_credits, intent_of, seats_match, session


def gauge(anyone: Caller, name: str) -> float:
    lines = anyone.get("/metrics").content.decode().splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(f"{name} ")))


def run(command: str) -> str:
    """What a command says, whatever its exit status."""
    said = StringIO()
    with contextlib.suppress(SystemExit):
        call_command(command, stdout=said)
    return said.getvalue()


def test_metrics_are_prometheus_text_about_the_studio(as_ana: Caller, anyone: Caller, sandbox: Sandbox) -> None:
    as_ana.book(session())
    answer = anyone.get("/metrics")
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert 'holdfast_bookings{status="pending"} 1.0' in answer.content.decode()
    assert gauge(anyone, "holdfast_holds") == 1
    assert gauge(anyone, "holdfast_stale_holds") == 0


def test_a_scrape_reads_every_booking_once_a_minute_and_knows_its_holds_at_once(
    as_ana: Caller, anyone: Caller, sandbox: Sandbox
) -> None:
    def scraped() -> tuple[float, bool]:
        with CaptureQueriesContext(connection) as asked:
            holds = gauge(anyone, "holdfast_holds")
        return holds, any("GROUP BY" in one["sql"] for one in asked.captured_queries)

    assert scraped() == (0, True)
    as_ana.book(session())
    assert scraped() == (1, False)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite plans by what it has counted")
@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("refunds_owed", "refunds_due"),
        ("messages_due", "messages_waiting"),
        ("payments_in_review", "payments_in_review"),
    ],
)
def test_an_index_finds_what_waits(name: str, index: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        with CaptureQueriesContext(connection) as asked:
            backlog.measure(timezone.now(), [name])
        cursor.execute(f"EXPLAIN {asked.captured_queries[0]['sql']}")
        assert index in str(cursor.fetchall())


def test_a_stale_hold_is_late_only_when_cron_should_have_come(as_ana: Caller, anyone: Caller, sandbox: Sandbox) -> None:
    reference = as_ana.book(session()).json()["reference"]
    age(reference, 40)
    assert anyone.get("/readyz").status_code == 200
    assert gauge(anyone, "holdfast_stale_holds") == 1
    age(reference, 10)
    answer = anyone.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == ["stale_holds: the oldest of 1 is 20 minutes overdue"]
    assert 1199 <= gauge(anyone, "holdfast_stale_holds_oldest_seconds") <= 1260


def test_a_database_that_lacks_a_migration_cannot_serve(anyone: Caller) -> None:
    assert anyone.get("/readyz").status_code == 200
    newest = MigrationRecorder.Migration.objects.filter(app="payments").order_by("name").last()
    newest.delete()
    try:
        answer = anyone.get("/readyz")
        assert (answer.status_code, answer.json()["problems"]) == (503, ["migrations"])
    finally:
        newest.save()


def test_an_owed_refund_and_a_message_that_wait_are_late(
    as_ana: Caller, anyone: Caller, sandbox: Sandbox, settings: Any
) -> None:
    as_ana.book(session())
    long_ago = timezone.now() - timedelta(hours=1)
    payment = Payment.objects.get()
    Refund.objects.create(
        payment=payment, key="k", amount=1, currency="gbp", reason="x", due_at=long_ago, created_at=long_ago
    )
    give_credits(payment.member, 1)
    as_ana.book(session())
    assert delivery.lane.wait(20)
    Message.objects.update(status="queued", due_at=long_ago)
    problems = anyone.get("/readyz").json()["problems"]
    assert [problem.split(":")[0] for problem in problems] == ["refunds_owed", "messages_due"]


def test_a_full_session_gives_a_stale_seat_to_whoever_asks(as_ana: Caller, as_ben: Caller, sandbox: Sandbox) -> None:
    full = session(capacity=1)
    reference = as_ana.book(full).json()["reference"]
    assert code(as_ben.book(full)) == "session_full"
    age(reference, 31)
    assert as_ben.book(full).status_code == 201
    assert as_ana.booking(reference)["ended_reason"] == "expired"
    assert sorted(intent["status"] for intent in sandbox.intents()) == ["canceled", "requires_payment_method"]
    assert seats_match()


def test_a_stale_hold_that_was_paid_after_all_keeps_its_seat(as_ana: Caller, as_ben: Caller, sandbox: Sandbox) -> None:
    full = session(capacity=1)
    held = as_ana.book(full)
    sandbox.pays(intent_of(held))
    age(held.json()["reference"], 31)
    assert code(as_ben.book(full)) == "session_full"
    assert as_ana.booking(held.json()["reference"])["status"] == "paid"


@pytest.mark.parametrize("fault", ["status_before", "reset_after"])
def test_while_stripe_is_silent_a_stale_seat_stays_held(
    as_ana: Caller, as_ben: Caller, sandbox: Sandbox, fault: str
) -> None:
    full = session(capacity=1)
    age(as_ana.book(full).json()["reference"], 31)
    sandbox.fault(fault, "/cancel$", times=2, status=500)
    assert code(as_ben.book(full)) == "session_full"
    assert Booking.objects.get().status == "pending"
    assert seats_match()


def test_the_work_for_one_request_is_bounded(as_ben: Caller, sandbox: Sandbox) -> None:
    full = session(capacity=8)
    for number in range(8):
        member = Member.objects.create_user(f"m{number}@example.com", "long-enough-1", name="M")
        held = Caller(member).book(full)
        sandbox.pays(intent_of(held))
        age(held.json()["reference"], 31)
    assert code(as_ben.book(full)) == "session_full"
    assert Booking.objects.filter(status="pending").count() == 5


def test_a_hold_that_waits_for_the_bank_or_for_staff_is_not_crons_fault(
    as_ana: Caller, as_ben: Caller, anyone: Caller, sandbox: Sandbox
) -> None:
    for caller, method in ((as_ana, "pm_sandbox_processing"), (as_ben, "pm_card_visa")):
        held = caller.book(session())
        sandbox.pays(intent_of(held), method)
        age(held.json()["reference"], 31)
    Payment.objects.filter(member__email="ben@example.com").update(status="review", amount_received=700)
    assert "1 still processing" in run("expire_pending_bookings")
    Booking.objects.update(expires_at=timezone.now() - timedelta(hours=2))
    assert anyone.get("/readyz").json() == {"status": "ok"}
    assert (gauge(anyone, "holdfast_stale_holds"), gauge(anyone, "holdfast_undecided_holds")) == (0, 2)
    assert gauge(anyone, "holdfast_undecided_holds_oldest_seconds") >= 7200


def test_holds_that_no_call_can_end_do_not_stand_before_a_stale_seat(
    as_ana: Caller, as_ben: Caller, sandbox: Sandbox
) -> None:
    full = session(capacity=4)
    for number in range(3):
        held = Caller(Member.objects.create_user(f"m{number}@example.com", "long-enough-1", name="M")).book(full)
        sandbox.pays(intent_of(held), "pm_sandbox_processing")
        age(held.json()["reference"], 60)
    run("expire_pending_bookings")
    age(as_ana.book(full).json()["reference"], 31)
    asked = len(sandbox.control("GET", "requests")["requests"])
    assert as_ben.book(full).status_code == 201
    assert Booking.objects.get(member__email="ana@example.com").ended_reason == "expired"
    assert code(Caller(Member.objects.create_user("late@example.com", "long-enough-1")).book(full)) == "session_full"
    cancels = sandbox.control("GET", "requests")["requests"][asked:]
    assert sum(row["path"].endswith("/cancel") for row in cancels) == 1
    assert seats_match()


def test_the_probes_answer_at_once_while_stripe_is_silent(
    as_ana: Caller, anyone: Caller, sandbox: Sandbox, settings: Any
) -> None:
    age(as_ana.book(session()).json()["reference"], 60)
    sandbox.fault("hang_before", "/v1/", times=100, seconds=30)
    begun = time.monotonic()
    answers = {path: anyone.get(path).status_code for path in ("/livez", "/readyz", "/metrics")}
    assert answers == {"/livez": 200, "/readyz": 503, "/metrics": 200}
    assert time.monotonic() - begun < 5


def test_whoever_asks_for_a_full_session_waits_for_a_silent_stripe_once(
    as_ana: Caller, as_ben: Caller, sandbox: Sandbox, settings: Any
) -> None:
    settings.STRIPE_TIMEOUT_SECONDS = 1
    full = session(capacity=2)
    for caller in (as_ana, Caller(Member.objects.create_user("m@example.com", "long-enough-1"))):
        age(caller.book(full).json()["reference"], 31)
    sandbox.fault("hang_before", "/cancel$", times=100, seconds=30)
    begun = time.monotonic()
    assert code(as_ben.book(full)) == "session_full"
    assert time.monotonic() - begun < 8  # one call and its one retry, of one second each
    journal = sandbox.control("GET", "requests")["requests"]
    assert sum(row["path"].endswith("/cancel") for row in journal) == 2
    sandbox.clear_faults()
