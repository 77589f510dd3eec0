"""Makes the studio of a chaos run: tables, members who are signed in, one of staff. Prints their session tokens.

Run in a process of its own (`python -m tests.chaos.studio`) over the database that DATABASE_URL names.
"""

import json

from config.wsgi import application  # noqa: F401 - sets Django up

# isort: split
from django.core.management import call_command
from django.db import connections, transaction
from django.test import Client

from members.models import Member

MEMBERS = 40
NEVER_REACHED, OPTED_OUT = "+15005550063", "+15005550009"


def main() -> None:
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        staff = Member.objects.create(email="carla@example.com", name="Carla", password="!", is_staff=True)
        members = [Member.objects.create(**_person(number)) for number in range(MEMBERS)]
        people = [{"id": member.pk, "token": _sign_in(member)} for member in members]
        carla = {"id": staff.pk, "token": _sign_in(staff)}
    connections.close_all()
    print(json.dumps({"staff": carla, "members": people}))


def _person(number: int) -> dict[str, object]:
    """One in ten has no phone, one no consent, one a dead phone, one has opted out at Twilio."""
    phone = {0: "", 2: NEVER_REACHED, 3: OPTED_OUT}.get(number % 10, f"+447700900{number:03}")
    person = {"email": f"member{number}@example.com", "name": f"Member {number}", "password": "!", "phone": phone}
    return person | {"whatsapp_opt_in": number % 10 != 1}


def _sign_in(member: Member) -> str:
    browser = Client()
    browser.force_login(member)
    return browser.cookies["sessionid"].value


if __name__ == "__main__":
    main()
