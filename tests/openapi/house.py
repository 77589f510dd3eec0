"""A studio where every path of the API has something behind it."""

from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.utils import timezone

from booking.models import CalendarFeed, ClassSession
from members.models import Member
from payments.models import CreditPack
from tests.cast import Caller, Sandbox, give_credits, session
from tests.openapi.document import Operation
from tests.payments.counter import buy, pack, pay

ABSENT = {"id": "999999", "reference": "ZZZZZZZZ", "token": "x" * 43}


@dataclass
class House:
    """Ana has a booking, a paid pack and a calendar; Carla works here."""

    ana: Member
    carla: Member
    as_ana: Caller
    as_carla: Caller
    sandbox: Sandbox
    session: ClassSession
    pack: CreditPack
    booking: str
    purchase: str
    token: str

    def path(self, operation: Operation) -> str:
        """The operation's path, with what is there."""
        packs = operation.path.startswith("/api/payments/")
        return operation.path.format(
            id=self.pack.pk if packs else self.session.pk,
            reference=self.purchase if packs else self.booking,
            token=self.token,
        )

    def with_cookie(self) -> Client:
        """Carla's browser, which has the CSRF cookie but sends no token beside it."""
        browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
        browser.force_login(self.carla)
        browser.cookies["csrftoken"] = "c" * 32
        return browser

    def send(self, operation: Operation, **how: Any) -> Any:
        """What Carla sends with a body. One that no view asks for is read where the CSRF token is looked for."""
        headers = {} if operation.method == "POST" else self.as_carla.headers
        client = self.with_cookie() if operation.method == "POST" else self.as_carla.http
        return client.generic(operation.method, self.path(operation), headers=headers, **how)


def furnished(sandbox: Sandbox, ana: Member, carla: Member) -> House:
    as_ana, as_carla, one, five = Caller(ana), Caller(carla), session(), pack()
    give_credits(ana, 1)
    booked, bought = as_ana.book(one, "credits"), buy(as_ana, five)
    pay(sandbox, bought)
    return House(
        ana=ana,
        carla=carla,
        as_ana=as_ana,
        as_carla=as_carla,
        sandbox=sandbox,
        session=one,
        pack=five,
        booking=booked.json()["reference"],
        purchase=bought.json()["purchase"],
        token=CalendarFeed.issue(ana, now=timezone.now()),
    )
