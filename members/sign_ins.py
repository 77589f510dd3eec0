"""The sessions in which somebody is signed in, of browsers and of apps."""

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session


def of(member_id: int) -> list[str]:
    """The keys of the member's sessions, expired ones too; all sessions are read, so not inside a transaction."""
    rows = Session.objects.iterator(chunk_size=1000)
    return [row.pk for row in rows if row.get_decoded().get(SESSION_KEY) == str(member_id)]


def end(keys: list[str]) -> None:
    """Sign out, there and at once."""
    Session.objects.filter(pk__in=keys).delete()
