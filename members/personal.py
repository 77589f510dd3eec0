"""What members holds about a member; `erasure` forgets it."""

from typing import Any

from allauth.account.models import EmailAddress

from members.models import Member


def held(member: Member) -> dict[str, Any]:
    """The profile, the addresses of signing in, and what staff noted."""
    notes = member.notes.order_by("id")
    addresses = EmailAddress.objects.filter(user=member).order_by("id")
    return {
        "profile": {
            "id": member.pk,
            "email": member.email,
            "name": member.name,
            "phone": member.phone.as_e164 if member.phone else "",
            "whatsapp_opt_in": member.whatsapp_opt_in,
            "is_staff": member.is_staff,
            "date_joined": member.date_joined,
            "last_login": member.last_login,
        },
        "email_addresses": list(addresses.values("email", "verified", "primary")),
        "notes": [{"text": note.text, "by": f"staff:{note.by_id}", "at": note.at} for note in notes],
    }
