"""What members holds about a member; `erasure` forgets it."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator

from members import acts
from members.models import Member, MemberSession


def held(member: Member) -> dict[str, Any]:
    """The profile, the addresses of signing in, where they are signed in until when, and what staff noted."""
    notes = member.notes.order_by("id")
    factors = Authenticator.objects.filter(user=member).order_by("id")
    sign_ins = MemberSession.objects.filter(member=member).order_by("expire_date")
    addresses = EmailAddress.objects.filter(user=member).order_by("id")
    return {
        "acts_of_staff": acts.about(member),
        "profile": {
            "id": member.pk,
            "email": member.email,
            "name": member.name,
            "phone": member.phone.as_e164 if member.phone else "",
            "whatsapp_opt_in": member.whatsapp_opt_in,
            "is_staff": member.is_staff,
            "teaches_as": member.teaches_as,
            "date_joined": member.date_joined,
            "last_login": member.last_login,
        },
        "email_addresses": list(addresses.values("email", "verified", "primary")),
        "second_factor": list(factors.values("type", "created_at", "last_used_at")),
        "sign_ins": list(sign_ins.values("expire_date")),
        "notes": [{"text": note.text, "by": f"staff:{note.by_id}", "at": note.at} for note in notes],
    }
