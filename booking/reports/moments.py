"""Moments in SQL, said so that SQLite and PostgreSQL answer alike, and fast.

The pieces of a span are found by comparing with the moments at which they begin. Neither database is asked for a zone:
SQLite would call back into Python for each row.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Case, F, Func, IntegerField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler


def piece(field: str, bounds: Sequence[datetime]) -> Case | Value:
    """In which piece a moment lies, counted from 0; it must lie within the bounds. Halves them until one is left."""
    return _between(field, bounds, 0, len(bounds) - 1)


def _between(field: str, bounds: Sequence[datetime], low: int, high: int) -> Case | Value:
    if high - low <= 1:
        return Value(low, output_field=IntegerField())
    middle = (low + high) // 2
    earlier = When(**{f"{field}__lt": bounds[middle]}, then=_between(field, bounds, low, middle))
    return Case(earlier, default=_between(field, bounds, middle, high), output_field=IntegerField())


class Seconds(Func):
    """Whole seconds from the second of two moments to the first, which is the later one; half a second is one."""

    output_field = BigIntegerField()

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> Any:
        template = "CAST(FLOOR(date_part('epoch', %(expressions)s) + 0.5) AS bigint)"
        return self.as_sql(compiler, connection, template=template, arg_joiner=" - ")

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> Any:
        template = "CAST((julianday(%(expressions)s)) * 86400 + 0.5 AS integer)"
        return self.as_sql(compiler, connection, template=template, arg_joiner=") - julianday(")


def minutes_begun(later: str, earlier: str) -> Combinable:
    """How many minutes had begun between the two: 60 seconds are 1, 61 are 2; nothing where there is no moment."""
    return (Seconds(F(later), F(earlier)) + 59) / 60
