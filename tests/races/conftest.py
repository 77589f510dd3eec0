import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import pytest
from django.db import connection
from django.db.models import Model

from booking.models import Booking, BookingTransition, ClassSession
from members.models import Member
from payments.models import PackPurchase
from tests.cast import Caller, Sandbox, session
from tests.races import laws
from tests.races.commands import Command, Processes
from tests.races.scores import Heat, scores
from tests.races.server import Server
from tests.races.sizes import ASKED, PROCESSES, SEATS

EMPTIED = re.compile(
    r"^ERROR boundary\.after_commit .*\n(?:[ T].*\n)*payments\.models\.payment\.Payment\.DoesNotExist.*$", re.M
)
TROUBLE = (
    "outside the SDK's contract",
    "could not finish a task",
    "its command will do the rest",
    "WORKER TIMEOUT",
    "was sent SIG",
)


class Without(Protocol):
    """Drops constraints of a table, the bookings' one if not told, for the length of a `with`."""

    def __call__(self, *names: str, model: type[Model] = ...) -> AbstractContextManager[None]: ...


@pytest.fixture(scope="session")
def server_process(django_db_setup: None, sandbox_process: str, tmp_path_factory: Any) -> Iterator[Server]:
    """The server as production runs it, over the database of this run, watched in what it asks of Stripe and Twilio."""
    log = tmp_path_factory.mktemp("server") / "log"
    yield from serving(Server("tests.contract.served", sandbox=sandbox_process, log=log, processes=PROCESSES))


@pytest.fixture(scope="session")
def refunding_process(django_db_setup: None, sandbox_process: str, tmp_path_factory: Any) -> Iterator[Server]:
    """The same under the other policy: money that comes late goes back."""
    log = tmp_path_factory.mktemp("refunding") / "log"
    policy = {"LATE_PAYMENT_POLICY": "refund"}
    yield from serving(Server("tests.contract.served", sandbox=sandbox_process, log=log, processes=2, **policy))


@pytest.fixture(scope="session")
def unguarded_process(django_db_setup: None, sandbox_process: str, tmp_path_factory: Any) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("unguarded") / "log"
    yield from serving(Server("tests.races.unguarded", sandbox=sandbox_process, log=log, processes=2))


def serving(server: Server) -> Iterator[Server]:
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome: Any = yield
    if outcome.get_result().failed:
        scores.present.findings += 1


@pytest.fixture(scope="session", autouse=True)
def evidence() -> Iterator[None]:
    """What the races have found, written down when they ran at a size that was asked for."""
    begun = time.monotonic()
    yield
    if ASKED:
        scores.write(time.monotonic() - begun)


def race(server: Server, heat: Heat) -> Iterator[Server]:
    """By the end of a race no law is broken, and no process and no background task of the server has failed."""
    yield server
    server.wait_until_calm()
    broken = laws.broken()
    heat.findings += len(broken)
    # A void that found its payment paid leaves no trace to wait for. It may meet the tables that were emptied after an
    # earlier test, which only tests do.
    logged = EMPTIED.sub("", server.logged())
    assert not any(trouble in logged for trouble in TROUBLE), logged
    assert broken == []


@pytest.fixture
def server(server_process: Server, sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Server]:
    """The server; see `race` for what it is held to."""
    yield from race(server_process, scores.begin(request.node.name, control=False))


@pytest.fixture
def refunding(refunding_process: Server, sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Server]:
    """The server under LATE_PAYMENT_POLICY=refund."""
    yield from race(refunding_process, scores.begin(request.node.name, control=False))


@pytest.fixture
def hasty(unguarded_process: Server, sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Server]:
    """The server that can let all twins of a request look before one writes, but has all its guards."""
    unguarded_process.logged()  # what the controls before have broken there is not this race's
    yield from race(unguarded_process, scores.begin(request.node.name, control=False))


@pytest.fixture
def unguarded(unguarded_process: Server, sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Server]:
    """The server that does without a guard when a request says so; see `unguarded.py`."""
    scores.begin(request.node.name, control=True)
    yield unguarded_process
    unguarded_process.wait_until_calm()


class Ready(Protocol):
    """Has runs of a command wait at the barrier, where they begin like every other act."""

    def __call__(self, *arguments: str, runs: int = 1, without: str = "") -> list[Command]: ...


@pytest.fixture(scope="session")
def processes(django_db_setup: None, sandbox_process: str) -> Iterator[Processes]:
    processes = Processes(sandbox_process)
    yield processes
    processes.end()


@pytest.fixture
def ready(processes: Processes, sandbox: Sandbox) -> Ready:
    return processes.ready


@pytest.fixture
def without_constraints() -> Without:
    # SQLite makes the table anew, out of what the model says at that moment.
    @contextmanager
    def without(*names: str, model: type[Model] = Booking) -> Iterator[None]:
        meta = model._meta
        whole = meta.constraints
        dropped = [constraint for constraint in whole if constraint.name in names]
        assert len(dropped) == len(names), names
        with connection.schema_editor() as editor:
            for constraint in dropped:
                meta.constraints = [one for one in meta.constraints if one is not constraint]
                editor.remove_constraint(model, constraint)
        try:
            yield
        finally:
            for emptied in (PackPurchase, BookingTransition, Booking, ClassSession):
                emptied.objects.all().delete()
            with connection.schema_editor() as editor:
                for constraint in dropped:
                    meta.constraints = [*meta.constraints, constraint]
                    editor.add_constraint(model, constraint)
            meta.constraints = whole

    return without


@pytest.fixture
def yoga() -> ClassSession:
    """The session that everybody wants."""
    return session(capacity=SEATS)


@pytest.fixture
def desk(boss: Member) -> Caller:
    """Carla, who may do everything in the admin."""
    return Caller(boss)
