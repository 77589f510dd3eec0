import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import pytest
from django.db import connection

from booking.models import Booking, BookingTransition, ClassSession
from tests.cast import Sandbox, session
from tests.races.server import Server
from tests.races.sizes import PROCESSES, SEATS

EMPTIED = re.compile(r"^ERROR boundary\.after_commit .*\n(?:[ T].*\n)*payments\.models\.Payment\.DoesNotExist.*$", re.M)
TROUBLE = (
    "outside the SDK's contract",
    "could not finish a task",
    "its command will do the rest",
    "WORKER TIMEOUT",
    "was sent SIG",
)


class Without(Protocol):
    """Drops constraints of the bookings' table for the length of a `with`."""

    def __call__(self, *names: str) -> AbstractContextManager[None]: ...


@pytest.fixture(scope="session")
def server_process(django_db_setup: None, sandbox_process: str, tmp_path_factory: Any) -> Iterator[Server]:
    """The server as production runs it, over the database of this run, watched in what it asks of Stripe and Twilio."""
    log = tmp_path_factory.mktemp("server") / "log"
    yield from _serving(Server("tests.contract.served", sandbox=sandbox_process, log=log, processes=PROCESSES))


@pytest.fixture(scope="session")
def unguarded_process(django_db_setup: None, sandbox_process: str, tmp_path_factory: Any) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("unguarded") / "log"
    yield from _serving(Server("tests.races.unguarded", sandbox=sandbox_process, log=log, processes=2))


def _serving(server: Server) -> Iterator[Server]:
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()


@pytest.fixture
def server(server_process: Server, sandbox: Sandbox) -> Iterator[Server]:
    """The server; by the end of the test it is calm again, and no process and no background task of it has failed."""
    yield server_process
    server_process.wait_until_calm()
    # A void that found its payment paid leaves no trace to wait for. It may meet the tables that were emptied after an
    # earlier test, which only tests do.
    logged = EMPTIED.sub("", server_process.logged())
    assert not any(trouble in logged for trouble in TROUBLE), logged


@pytest.fixture
def unguarded(unguarded_process: Server, sandbox: Sandbox) -> Iterator[Server]:
    """The server that does without a guard when a request says so; see `unguarded.py`."""
    yield unguarded_process
    unguarded_process.wait_until_calm()


@pytest.fixture
def without_constraints() -> Without:
    # SQLite makes the table anew, out of what the model says at that moment.
    meta = Booking._meta

    @contextmanager
    def without(*names: str) -> Iterator[None]:
        whole = meta.constraints
        dropped = [constraint for constraint in whole if constraint.name in names]
        assert len(dropped) == len(names), names
        with connection.schema_editor() as editor:
            for constraint in dropped:
                meta.constraints = [one for one in meta.constraints if one is not constraint]
                editor.remove_constraint(Booking, constraint)
        try:
            yield
        finally:
            BookingTransition.objects.all().delete()
            Booking.objects.all().delete()
            with connection.schema_editor() as editor:
                for constraint in dropped:
                    meta.constraints = [*meta.constraints, constraint]
                    editor.add_constraint(Booking, constraint)
            meta.constraints = whole

    return without


@pytest.fixture
def yoga() -> ClassSession:
    """The session that everybody wants."""
    return session(capacity=SEATS)
