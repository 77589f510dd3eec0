"""All or nothing in one statement of PostgreSQL, without a transaction of ours around it."""

from collections.abc import Mapping
from typing import Any

from django.db import DataError, connection
from psycopg.errors import DivisionByZero


def write(statement: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Run it; None, and nothing written, where it answers no row or fails by its own hand: it divides by zero.

    Commits by itself outside transactions. Raises what the database raises besides.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            row: tuple[Any, ...] | None = cursor.fetchone()
            return row
    except DataError as error:
        if not isinstance(error.__cause__, DivisionByZero):
            raise
        return None
