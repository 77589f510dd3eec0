"""Sessions that know whose they are: one query answers who asks, and a member's sessions are found without a search.

The way that Django documents for a session engine of one's own; settings name this file.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from members.models import Member, MemberSession


class SessionStore(DatabaseStore):
    """Django's sessions in the database, each with the member who is signed in there."""

    @classmethod
    def get_model_class(cls) -> type[MemberSession]:
        return MemberSession

    def create_model_instance(self, data: dict[str, Any]) -> MemberSession:
        row = super().create_model_instance(data)
        assert isinstance(row, MemberSession)
        row.member_id = data.get(SESSION_KEY)
        return row

    @classmethod
    def loaded(cls, row: MemberSession) -> "SessionStore":
        """The store of a row that was read already."""
        store = cls(row.pk)
        vars(store)["_session_cache"] = store.decode(row.session_data)
        return store


def signed_in(key: str) -> tuple[Member, SessionStore] | None:
    """Who is signed in in this session, by one query; None where anything is not as plain as it mostly is.

    Then Django is to be asked, and whoever knows what becomes of a session that an earlier secret key has signed.
    """
    living = MemberSession.objects.filter(pk=key, expire_date__gt=timezone.now(), member__is_active=True)
    row = living.select_related("member").first()
    if row is None or row.member is None:
        return None
    store = SessionStore.loaded(row)
    if (
        store.get(SESSION_KEY) != str(row.member_id)
        or store.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS
    ):
        return None
    if not constant_time_compare(store.get(HASH_SESSION_KEY, ""), row.member.get_session_auth_hash()):
        return None
    return row.member, store
