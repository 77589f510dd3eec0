"""The whole program behind PgBouncer in transaction mode, with fewer connections than there are clients."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db.models import Count
from django.utils import timezone

from booking.models import Booking
from config.timeouts import Timeouts
from notifications.models import Message
from payments.models import Refund
from tests.cast import Sandbox, session
from tests.races.clients import at_once, book, cancel, send, tally, tell, together
from tests.races.commands import Processes
from tests.races.conftest import race, serving
from tests.races.crowd import crowd
from tests.races.pgbouncer import POOL, PROGRAM, PgBouncer
from tests.races.scores import scores
from tests.races.server import Server
from tests.races.sizes import ON_POSTGRESQL

pytestmark = [
    pytest.mark.load,
    pytest.mark.skipif(not ON_POSTGRESQL, reason="PgBouncer stands before PostgreSQL"),
]
GUESTS = 12
# So many of those who paid, in each way, give their booking back.
LEAVE = 4


@pytest.fixture(scope="module")
def pgbouncer(django_db_setup: None, tmp_path_factory: Any) -> Iterator[PgBouncer]:
    assert Path(PROGRAM).exists(), "PgBouncer is missing: apt-get install pgbouncer"
    bouncer = PgBouncer(tmp_path_factory.mktemp("pgbouncer"))
    try:
        bouncer.wait_until_ready()
        yield bouncer
    finally:
        bouncer.stop()


@pytest.fixture(scope="module")
def behind(pgbouncer: PgBouncer) -> dict[str, str]:
    return {"DATABASE_URL": pgbouncer.url, "PGBOUNCER": "on"}


@pytest.fixture
def server(
    behind: dict[str, str], sandbox: Sandbox, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Server]:
    """A server behind PgBouncer, held to what every race is held to."""
    started = Server("tests.contract.served", sandbox=sandbox.base, log=tmp_path / "log", processes=2, **behind)
    for server in serving(started):
        yield from race(server, scores.begin(request.node.name, control=False))


@pytest.fixture
def cron(behind: dict[str, str], sandbox: Sandbox) -> Iterator[Processes]:
    processes = Processes(sandbox.base, **behind)
    yield processes
    processes.end()


def test_a_studio_keeps_its_laws_behind_pgbouncer(
    server: Server, cron: Processes, sandbox: Sandbox, pgbouncer: PgBouncer
) -> None:
    """A third of the guests book with credits, a third by card, and a third never pays."""
    yoga, climbing = session(capacity=GUESTS), session(capacity=2 * GUESTS, credits_required=0)
    guests = crowd(3 * GUESTS, credits_each=1)
    asks = [book(one, yoga if number < GUESTS else climbing) for number, one in enumerate(guests)]
    answers = at_once(server.base, asks)
    assert tally(answers) == {(201, ""): 3 * GUESTS}
    for one in answers[GUESTS : 2 * GUESTS]:
        sandbox.pays(one.json["stripe_client_secret"].split("_secret_")[0])
    news = [tell(event) for event in sandbox.events("payment_intent.succeeded")]
    assert tally(at_once(server.base, news * 2)) == {(200, ""): 2 * GUESTS}
    Booking.objects.filter(status="pending").update(expires_at=timezone.now() - timedelta(minutes=1))

    bookings = [Booking.objects.get(reference=one.json["reference"]) for one in answers]
    leave = [cancel(guests[number], bookings[number]) for number in (*range(LEAVE), *range(GUESTS, GUESTS + LEAVE))]
    runs = cron.ready("expire_pending_bookings", runs=2)
    together([*(partial(send, base=server.base, ask=ask) for ask in leave), *runs])
    server.wait_until_calm()
    for words in (("submit_refunds",), ("deliver_messages",), ("reconcile_payments", "--patience", "0", "--fix")):
        runs = together(cron.ready(*words, runs=2))
        assert {run.status for run in runs} == {0}, [run.said for run in runs]
    [laws] = together(cron.ready("check_integrity"))
    assert laws.status == 0, laws.said

    ended = dict(Booking.objects.order_by().values_list("status").annotate(Count("pk")))
    assert ended == {"paid": 2 * GUESTS - 2 * LEAVE, "freed": GUESTS, "cancelled": 2 * LEAVE}
    assert [one.status for one in Refund.objects.all()] == ["succeeded"] * LEAVE
    assert Message.objects.filter(kind="booking_paid").count() == 2 * GUESTS
    assert len(pgbouncer.asked("SHOW SERVERS")) <= POOL < len(pgbouncer.asked("SHOW CLIENTS"))


def test_pgbouncer_sets_the_limits_that_the_program_cannot(pgbouncer: PgBouncer) -> None:
    waits = Timeouts(stripe_read=8)
    limits = {
        "lock_timeout": waits.lock,
        "statement_timeout": waits.statement,
        "idle_in_transaction_session_timeout": waits.idle_in_transaction,
    }
    with psycopg.connect(pgbouncer.url, autocommit=True, prepare_threshold=None) as there:
        rows = there.execute("SELECT name, setting::int / 1000 FROM pg_settings WHERE name LIKE '%timeout'").fetchall()
    assert limits.items() <= dict(rows).items()
