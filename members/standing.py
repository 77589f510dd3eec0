"""Whether somebody is still a member, and may come in."""

from members.exceptions import NobodyLeft
from members.models import Member


def living(member_id: int) -> Member:
    """The member, locked in the caller's transaction so that nobody erases them meanwhile; NobodyLeft when erased."""
    member = Member.objects.select_for_update(no_key=True).get(pk=member_id)
    if member.is_erased:
        raise NobodyLeft
    return member
