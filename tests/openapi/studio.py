"""Who asks, and for what: made-up requests are worth more when most of them meet something that is there."""

from typing import Any, ClassVar

from schemathesis import Case

from booking.models import Booking, ClassSession
from members.models import Member
from payments.models import CreditPack, PackPurchase
from tests.cast import Caller, give_credits, session
from tests.payments.counter import buy, pack

MADE_UP = 3


class Studio:
    """A member with credits, staff, some sessions and packs."""

    WHO: ClassVar = ("member", "member", "staff", "staff", "nobody")

    def __init__(self, member: Member, staff: Member) -> None:
        self.member, self.staff, self.leavers = member, staff, 0
        self.tokens = {who: Caller(one).headers for who, one in (("member", member), ("staff", staff))}
        give_credits(member, 50)
        for place in range(10):
            session(capacity=place + 1, amount=1500 * (place % 2))
            pack(name=f"{place + 1} classes", credits=place + 1)
        asking = Caller(member)
        for one, pay_with in zip(ClassSession.objects.all(), ("credits", "auto", "card"), strict=False):
            asking.book(one, pay_with)
        buy(asking, CreditPack.objects.earliest("id"))

    def address(self, case: Case, who: str, place: int) -> None:
        """Send the case as who it is, to the newest of what there is; some go where they were made up for."""
        case.headers = {**(case.headers or {}), **self._credentials(case, who)}
        case.cookies = {}
        if place < MADE_UP:
            return
        for name in case.path_parameters or {}:
            case.path_parameters[name] = self._known(case.operation.path, name, place)
        if isinstance(case.body, dict) and "member" in case.body:
            case.body["member"] = self.member.pk

    def _credentials(self, case: Case, who: str) -> dict[str, str]:
        if who == "nobody":
            return {"X-Session-Token": "nobody"}
        if who == "member" and (case.operation.method, case.operation.path) == ("delete", "/api/members/me/"):
            self.leavers += 1  # whoever erases themselves asks for nothing again
            return Caller(Member.objects.create_user(f"leaver{self.leavers}@example.com")).headers
        return self.tokens[who]

    def _known(self, path: str, name: str, place: int) -> Any:
        rows: Any = {
            "bookings": Booking.objects.values_list("reference", flat=True),
            "purchases": PackPurchase.objects.values_list("reference", flat=True),
            "sessions": ClassSession.objects.values_list("pk", flat=True),
            "packs": CreditPack.objects.values_list("pk", flat=True),
        }.get(path.split("/")[3])
        newest = list(rows.order_by("-id")[:10]) if rows is not None and name != "token" else []
        return newest[place % len(newest)] if newest else "x" * 43 if name == "token" else "ZZZZZZZZ"
