"""The database lets down what tells of its health: each says so in its own words."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import Error, InterfaceError, OperationalError, connection
from psycopg import errors

from tests.cast import Caller

LOST = [(OperationalError, errors.AdminShutdown), (InterfaceError, psycopg.InterfaceError)]


@contextmanager
def gone(text: str, wrapped: type[Error], error: type[Exception]) -> Iterator[None]:
    """Every statement that holds the text fails so."""

    def spoil(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if text in sql:
            raise wrapped("no") from error("no")
        return execute(sql, *rest)

    with connection.execute_wrapper(spoil):
        yield


@pytest.mark.parametrize(("wrapped", "error"), LOST)
@pytest.mark.parametrize("text", ["SELECT 1", "django_migrations", "booking_booking", "notifications_message"])
def test_readiness_names_the_database_wherever_it_fails(
    anyone: Caller, text: str, wrapped: type[Error], error: type[Exception]
) -> None:
    with gone(text, wrapped, error):
        answer = anyone.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable", "problems": ["database"]})


@pytest.mark.parametrize(("wrapped", "error"), LOST)
def test_an_integrity_check_that_could_not_read_exits_2(
    capsys: Any, wrapped: type[Error], error: type[Exception]
) -> None:
    holds_the_moment = "BEGIN IMMEDIATE" if connection.vendor == "sqlite" else "pg_export_snapshot"
    with gone(holds_the_moment, wrapped, error), pytest.raises(SystemExit) as ended:
        call_command("check_integrity")
    assert ended.value.code == 2
    assert "could not be read" in capsys.readouterr().err
