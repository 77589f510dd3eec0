"""Makes the studio of the restart: members with credits, and sessions to book. Prints their session tokens.

Run in a process of its own (`python -m tests.faults.hall`) over the database that DATABASE_URL names.
"""

from datetime import timedelta

from tests.chaos import studio

# isort: split
# What needs Django to be set up, which the line above does.
from django.db import transaction
from django.utils import timezone

from booking.models import ClassSession
from members.models import Member
from payments import credits

SESSIONS = 400
SEATS = 1000


def main() -> None:
    studio.main()
    now = timezone.now()
    start = now + timedelta(days=2)
    one = {"title": "Yoga", "starts_at": start, "ends_at": start + timedelta(hours=1), "capacity": SEATS}
    with transaction.atomic():
        ClassSession.objects.bulk_create(
            ClassSession(**one, amount=1500, currency="gbp", credits_required=1) for _ in range(SESSIONS)
        )
        for member in Member.objects.filter(is_staff=False):
            credits.grant(member=member, credits=SESSIONS, note="test", granted_by=None, now=now)


if __name__ == "__main__":
    main()
