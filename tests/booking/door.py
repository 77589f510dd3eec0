"""What people at the front desk do in their browser."""

import re
import uuid
from html import unescape
from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client

from booking.models import Booking, ClassSession
from members.models import Member, StaffAct

DESK = "/admin/desk/"


class Door:
    """The browser of somebody who works here and may do so much."""

    def __init__(self, member: Member, *may: str) -> None:
        self.member = member
        member.is_staff = True
        member.save()
        member.user_permissions.set(Permission.objects.filter(codename__in=may))
        self.http = Client()
        self.http.force_login(member)

    def reads(self, path: str = "", **query: Any) -> str:
        """What stands on a page of the desk."""
        page = self.http.get(f"{DESK}{path}", query)
        assert (page.status_code, "unsafe" in page["Content-Security-Policy"]) == (200, False)
        text = page.content.decode()
        assert not re.search(r"<script>|<style|\son\w+=|\sstyle=", text.partition('id="content"')[2])
        return text

    def sells(self, one: ClassSession, member: Member, pay_with: str = "desk", *, key: str = "", **form: Any) -> Any:
        sent = {"key": key or str(uuid.uuid4()), "pay_with": pay_with, **form}
        return self.http.post(f"{DESK}{one.pk}/people/{member.pk}/", sent)

    def sold(self, one: ClassSession, member: Member, pay_with: str = "desk", **form: Any) -> Booking:
        """The booking that a sale has made."""
        answer = self.sells(one, member, pay_with, **form)
        assert answer.status_code == 302, refused(answer)
        return Booking.objects.get(reference=answer["Location"].partition("#")[2])

    def presses(self, one: ClassSession, act: str, booking: str = "") -> Any:
        return self.http.post(f"{DESK}{one.pk}/", {"act": act, "booking": booking})

    def told(self, answer: Any) -> list[str]:
        """What the page after an act says of it."""
        page = self.http.get(answer["Location"].partition("#")[0])
        return [str(message) for message in page.context["messages"]]


def refused(answer: Any) -> str:
    """Why a sale was refused, as the page says."""
    assert answer.status_code == 200
    return unescape(re.findall(r'class="errornote">([^<]*)<', answer.content.decode())[0])


def log() -> list[tuple[str, str]]:
    """What staff have done so far: act and subject, in order."""
    return list(StaffAct.objects.order_by("id").values_list("act", "subject"))
