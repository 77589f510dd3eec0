"""Law 12: a secret that stands in a table is in every backup of it."""

from django.apps import apps
from django.db import connection, models

from booking.laws.law import Law

OURS = ("booking", "payments", "notifications", "members")
SECRETS = ("pi\\_%\\_secret\\_", "sk\\_live\\_", "rk\\_live\\_", "sk\\_test\\_", "rk\\_test\\_", "whsec\\_")
# Stripe's shortest key; a column that holds less holds no secret.
SHORTEST = 32


def no_secrets() -> Law:
    """The law over every text column of ours, whichever those are today: one pass over each table."""
    tables = [_secrets_in(model) for model in apps.get_models() if model._meta.app_label in OURS]
    query = " UNION ALL ".join(table for table in tables if table)
    return Law("secrets", "Nothing that looks like a secret stands in any text column.", query)


def _secrets_in(model: type[models.Model]) -> str:
    columns = {column.name: _text_of(column) for column in model._meta.concrete_fields if _holds_free_text(column)}
    if not columns:
        return ""
    quote = connection.ops.quote_name
    table, key = model._meta.db_table, quote(str(model._meta.pk.column))
    which = " ".join(f"WHEN {_alike(text)} THEN '{name}'" for name, text in columns.items())
    anywhere = " OR ".join(_alike(text) for text in columns.values())
    # Names of tables and columns come from the models, never from outside.
    return (
        f"SELECT '{table} ' || {key} AS subject, 'its ' || CASE {which} END || ' looks like a secret' AS wrong "
        f"FROM {quote(table)} WHERE {anywhere}"
    )


def _holds_free_text(column: models.Field) -> bool:
    roomy = column.max_length is None or column.max_length >= SHORTEST
    return isinstance(column, models.CharField | models.TextField | models.JSONField) and roomy and not column.choices


def _text_of(column: models.Field) -> str:
    name = str(connection.ops.quote_name(str(column.column)))
    return f"CAST({name} AS text)" if isinstance(column, models.JSONField) else name


def _alike(text: str) -> str:
    *two_underscores, webhook_secret = (f"{text} LIKE '%{pattern}%' ESCAPE '\\'" for pattern in SECRETS)
    one, two = (f"{text} LIKE '%{underscores}%' ESCAPE '\\'" for underscores in ("\\_", "\\_%\\_"))
    # Most texts have no underscore, or one: a comparison or two instead of six rule them out.
    return f"({one} AND ({two} AND ({' OR '.join(two_underscores)}) OR {webhook_secret}))"
