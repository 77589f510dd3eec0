from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections, transaction


@contextmanager
def long_reading(*, seconds: int, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Let each statement in here take so long, where PostgreSQL would end one of a request earlier.

    In a transaction, because only what is set for one transaction is safe behind PgBouncer.
    """
    if connections[using].vendor != "postgresql":
        yield
        return
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{seconds}s"])
        yield
