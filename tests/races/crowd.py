from django.db import transaction
from django.utils import timezone

from members.models import Member
from payments import credits
from tests.cast import Caller


def crowd(number: int, *, credits_each: int = 0) -> list[Caller]:
    """That many members besides the cast, signed in, each with a lot of so many credits."""
    with transaction.atomic():
        members = Member.objects.bulk_create(
            Member(email=f"member{n}@example.com", name=f"Member {n}", password="!") for n in range(number)
        )
        for member in members if credits_each else ():
            credits.grant(member=member, credits=credits_each, note="test", granted_by=None, now=timezone.now())
        return [Caller(member) for member in members]
