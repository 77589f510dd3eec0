"""Looks for secrets in whatever the program has written, and says where it found which."""

import json
from typing import Any

from django.db import connection

# Where the database has to keep one: what a session is named by, whom a message goes to, what a code is made from.
KEPT = {
    ("members_membersession", "session_key"): "token",
    ("members_member", "phone"): "phone",
    ("mfa_authenticator", "data"): "second factor",
}


class Searched:
    """The secrets that are known so far, and where they turned up."""

    def __init__(self, secrets: dict[str, str]) -> None:
        self.secrets = dict(secrets)
        self.looked = 0
        self.leaks: list[tuple[str, str]] = []

    def know(self, **secrets: str) -> None:
        """One more secret, which the program has made itself; what was written before is searched at the end."""
        assert all(len(secret) >= 10 for secret in secrets.values())
        self.secrets |= secrets

    def look(self, where: str, text: str) -> None:
        self.looked += 1
        self.leaks += [(where, name) for name, secret in self.secrets.items() if secret in text]

    def look_at_tables(self) -> None:
        """Every column of every row, read as text."""
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                self.looked += 1
                cursor.execute(f"SELECT to_jsonb(rows)::text FROM {connection.ops.quote_name(table)} AS rows")
                for (row,) in cursor.fetchall():
                    self._look_at_row(table, json.loads(row))

    def _look_at_row(self, table: str, row: dict[str, Any]) -> None:
        for column, value in row.items():
            text, kept = str(value), KEPT.get((table, column))
            found = [name for name, secret in self.secrets.items() if secret in text and name != kept]
            self.leaks += [(f"{table}.{column}", name) for name in found]
