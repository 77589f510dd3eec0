"""The sessions in which somebody is signed in, of browsers and of apps."""

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session

PAGE = 1000


def of(member_id: int) -> list[str]:
    """The keys of the member's sessions, expired ones too; all sessions are read, so not inside a transaction."""
    found, last = [], ""
    while rows := Session.objects.filter(pk__gt=last).order_by("pk")[:PAGE]:
        found += [row.pk for row in rows if row.get_decoded().get(SESSION_KEY) == str(member_id)]
        last = rows[len(rows) - 1].pk
    return found


def end(keys: list[str]) -> None:
    """Sign out, there and at once."""
    Session.objects.filter(pk__in=keys).delete()
