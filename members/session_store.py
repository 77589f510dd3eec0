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

# By hand, for every request of a member begins with it: the ORM takes longer to write it than the database to answer.
WHO_ASKS = """SELECT member.*, session.session_data
FROM members_membersession AS session JOIN members_member AS member ON member.id = session.member_id
WHERE session.session_key = %(key)s AND session.expire_date > %(now)s AND member.is_active
"""


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
    def loaded(cls, key: str, data: str) -> "SessionStore":
        """The store of a row that was read already."""
        store = cls(key)
        vars(store)["_session_cache"] = store.decode(data)
        return store


def signed_in(key: str) -> tuple[Member, SessionStore] | None:
    """Who is signed in in this session, by one query; None where anything is not as plain as it mostly is.

    Then Django is to be asked, and whoever knows what becomes of a session that an earlier secret key has signed.
    """
    for member in Member.objects.raw(WHO_ASKS, {"key": key, "now": timezone.now()}):
        store = SessionStore.loaded(key, vars(member)["session_data"])
        if (
            store.get(SESSION_KEY) == str(member.pk)
            and store.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
            and constant_time_compare(store.get(HASH_SESSION_KEY, ""), member.get_session_auth_hash())
        ):
            return member, store
    return None
