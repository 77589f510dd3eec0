from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def long_reading(*, seconds: int) -> Iterator[None]:
    """Let each statement in here take so long, where PostgreSQL would end one of a request earlier; 0 is for ever.

    In a transaction, because only what is set for one transaction is safe behind PgBouncer.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{seconds}s"])
        yield
