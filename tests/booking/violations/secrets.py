"""Secrets where none belong."""

from members.models import Member
from notifications.models import Message
from payments.models import CreditLot
from tests.booking.violations.rows import Act


def secret_in_a_name() -> None:
    Member.objects.filter(name="Ana").update(name="pi_3Abc_secret_xyz")


def webhook_secret_in_a_note() -> None:
    CreditLot.objects.filter(remaining=2).update(note="whsec_abc")


def key_in_a_message() -> None:
    message = Message.objects.all()[0]
    message.variables["title"] = "sk_live_51abc"
    message.save()


VIOLATIONS: list[Act] = [
    ("secrets", 1, secret_in_a_name),
    ("secrets", 1, webhook_secret_in_a_note),
    ("secrets", 1, key_in_a_message),
]
