"""A member erases themselves: who they are is forgotten, what happened to seats, money and credits stays."""

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from rest_framework.exceptions import NotAuthenticated

from boundary import faults
from members import acts, sign_ins
from members.exceptions import StaffAccount
from members.models import ERASED_HOST, Member

Forget = Callable[[Member, datetime], None]


@faults.retried
def erase(member_id: int, *, forget: Iterable[Forget], now: datetime) -> None:
    """Forget who a member is; `forget` are the parts of the apps above. Opens a transaction.

    StaffAccount while they work here; NotAuthenticated when they were erased or deactivated since they signed in.
    """
    with transaction.atomic():
        # The row is locked in full only by its last change: until then nobody who books or pays waits for this.
        member = Member.objects.select_for_update(no_key=True).get(pk=member_id)
        if not member.is_active:
            raise NotAuthenticated
        if member.is_staff or member.is_superuser:
            raise StaffAccount
        for part in forget:
            part(member, now)
        acts.forget(member)
        _anonymise(member)
        sign_ins.end_all(member_id)


def _anonymise(member: Member) -> None:
    nobody = f"erased-{secrets.token_hex(12)}@{ERASED_HOST}"
    Member.objects.filter(pk=member.pk).update(
        email=nobody,
        name="",
        phone="",
        whatsapp_opt_in=False,
        is_active=False,
        last_login=None,
        password=make_password(None),  # usable by nobody, and every session was signed with the old one
    )
    member.groups.clear()
    member.user_permissions.clear()
    EmailAddress.objects.filter(user=member).delete()
    Authenticator.objects.filter(user=member).delete()
    member.notes.all().delete()
    # The admin's log keeps who changed what and when; it names rows by what they were called then.
    kind = ContentType.objects.get_for_model(Member)
    LogEntry.objects.filter(content_type=kind, object_id=str(member.pk)).update(object_repr=nobody)
