"""The sessions in which somebody is signed in, of browsers and of apps."""

from members.models import MemberSession


def end_all(member_id: int) -> None:
    """Sign them out everywhere, at once."""
    MemberSession.objects.filter(member_id=member_id).delete()
