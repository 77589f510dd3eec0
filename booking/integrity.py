"""Hold the database against the laws: one snapshot, read only, however many rows there are."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

from booking.laws import LAWS, Law

# Commands run every minute; what is older than this was not finished by any of a dozen runs.
GRACE = timedelta(minutes=15)
# A hold may wait for its payer as long as it lasts; a payment being opened or voided for longer is stuck.
HALF_DONE = timedelta(hours=24)
EXAMPLES = 20
SECRETS = ("%pi\\_%\\_secret\\_%", "%sk\\_live\\_%", "%rk\\_live\\_%", "%sk\\_test\\_%", "%whsec\\_%")
OURS = ("booking", "payments", "notifications", "members")


@dataclass
class Verdict:
    """How often one law is broken, and the first few of what breaks it."""

    name: str
    sentence: str
    count: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)


def check(*, now: datetime) -> Iterator[Verdict]:
    """Judge each law in turn, all on the state of one moment; writes nothing and locks out nobody."""
    moments = {"grace": now - GRACE, "half_done": now - HALF_DONE}
    known = {name: connection.ops.adapt_datetimefield_value(moment) for name, moment in moments.items()}
    with _snapshot():
        for law in (*LAWS, _no_secrets()):
            yield _judge(law, known)


def _judge(law: Law, moments: dict[str, Any]) -> Verdict:
    verdict = Verdict(law.name, " ".join(law.sentence.split()))
    query = law.query.replace("%", "%%").replace(":grace", "%(grace)s").replace(":half_done", "%(half_done)s")
    with connection.cursor() as cursor:
        cursor.execute(query, moments)
        while rows := cursor.fetchmany(500):
            verdict.count += len(rows)
            verdict.examples += [(str(row[0]), str(row[1])) for row in rows[: EXAMPLES - len(verdict.examples)]]
    return verdict


@contextmanager
def _snapshot() -> Iterator[None]:
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
        return
    # Django begins SQLite's transactions as writers; a reader keeps nobody waiting.
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def _no_secrets() -> Law:
    """Nothing that looks like a client secret or a key stands in any text column of ours."""
    parts = []
    for model in apps.get_models():
        if model._meta.app_label in OURS:
            parts += [_secrets_in(model, column) for column in model._meta.concrete_fields if _holds_free_text(column)]
    return Law("secrets", "Nothing that looks like a secret stands in any text column.", " UNION ALL ".join(parts))


def _holds_free_text(column: models.Field) -> bool:
    return isinstance(column, models.CharField | models.TextField | models.JSONField) and not column.choices


def _secrets_in(model: type[models.Model], column: models.Field) -> str:
    quote = connection.ops.quote_name
    table, key, name = model._meta.db_table, quote(str(model._meta.pk.column)), quote(str(column.column))
    text = f"CAST({name} AS text)"
    alike = " OR ".join(f"{text} LIKE '{pattern}' ESCAPE '\\'" for pattern in SECRETS)
    # Names of tables and columns come from the models, never from outside.
    return f"SELECT '{table} ' || {key}, 'its {column.name} looks like a secret' FROM {quote(table)} WHERE {alike}"  # noqa: S608
