"""Members of another system come in, with what they have left there as an opening balance of credits.

Note [What a member wrote stays]: a row fills what is empty. What differs stays as it is there, unless staff say that
the file is right. Consent to be written to on WhatsApp a file can only take back: it is given by the member alone.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers

from boundary import faults, studio_clock
from boundary.importing import Fate, Verdict, told
from boundary.sheets import Row
from members.models import Member
from members.phones import PhoneField
from payments import credits
from payments.member_row import MemberRow
from payments.models import CreditLot

COMMAND = "import_members"
NOTE = "Opening balance"
TRIES = 5


@dataclass
class Plan:
    """What a row wants of its member: the fields to write, the credits to grant, and what is to be told."""

    row: Row
    email: str
    fields: dict[str, Any] = field(default_factory=dict)
    grant: dict[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    member: Member | None = None
    refused: bool = False

    def verdict(self) -> Verdict:
        if self.refused:
            fate = Fate.REFUSED
        elif self.member is None:
            fate = Fate.CREATED
        elif self.fields or self.grant:
            fate = Fate.UPDATED
        else:
            fate = Fate.DIFFERING if self.remarks else Fate.UNCHANGED
        return Verdict(self.row, fate, self.remarks)


class MemberImport:
    """One run over one file."""

    def __init__(self, *, update: bool, dry_run: bool) -> None:
        self._update, self._dry_run = update, dry_run
        self._reader = MemberRow()
        self._lines: dict[str, int] = {}  # where each address stood first

    def take(self, rows: list[Row]) -> list[Verdict]:
        """Decide on some rows and write them, in one transaction; a dry run decides alike and writes nothing."""
        read = [self._read(row) for row in rows]
        wanted = [(row, cells) for row, cells in read if isinstance(cells, dict)]
        refused = [Verdict(row, Fate.REFUSED, cells) for row, cells in read if isinstance(cells, list)]
        plans = self._plan(wanted, Member.objects.all()) if self._dry_run else self._written(wanted)
        return refused + [plan.verdict() for plan in plans]

    def _read(self, row: Row) -> tuple[Row, dict[str, Any] | list[str]]:
        """The cells as values, or why they will not do. An empty cell says nothing."""
        try:
            cells = self._reader.run_validation({name: text for name, text in row.cells.items() if text})
        except serializers.ValidationError as error:
            return row, told(error)
        before = self._lines.setdefault(cells["email"], row.line)
        return row, cells if before == row.line else [f"email: it stands on line {before} already"]

    def _written(self, wanted: list[tuple[Row, dict[str, Any]]]) -> list[Plan]:
        """Members sign up meanwhile: where one was quicker, look again."""
        for _ in range(TRIES):
            try:
                return self._write(wanted)
            except IntegrityError:
                continue
        return self._write(wanted)

    @faults.retried
    def _write(self, wanted: list[tuple[Row, dict[str, Any]]]) -> list[Plan]:
        with transaction.atomic():
            # Locked: nobody is erased, or granted the same by another run, between our looking and our granting.
            plans = self._plan(wanted, Member.objects.select_for_update(no_key=True).order_by("pk"))
            for plan in plans:
                if not plan.refused:
                    _apply(plan)
            return plans

    def _plan(self, wanted: list[tuple[Row, dict[str, Any]]], members: QuerySet[Member]) -> list[Plan]:
        """What each row wants, by what is there now: two queries."""
        there = {one.email: one for one in members.filter(email__in=[cells["email"] for _, cells in wanted])}
        keys = [_key(member) for member in there.values()]
        lots = {lot.idempotency_key: lot for lot in CreditLot.objects.filter(granted_by=None, idempotency_key__in=keys)}
        plans = []
        for row, cells in wanted:
            plan = Plan(row, cells["email"], member=there.get(cells["email"]))
            self._plan_fields(plan, cells)
            _plan_grant(plan, cells, lots.get(_key(plan.member)) if plan.member else None)
            plans.append(plan)
        return plans

    def _plan_fields(self, plan: Plan, cells: dict[str, Any]) -> None:
        for name in ("name", "phone", "whatsapp_opt_in"):
            if name not in cells:
                continue
            value, there = _as_kept(name, cells[name]), _as_kept(name, getattr(plan.member, name, ""))
            if plan.member is None or (there == "" and value != there):
                plan.fields[name] = cells[name]
            elif value == there:
                continue
            elif name == "whatsapp_opt_in" and value:
                plan.remarks.append("whatsapp_opt_in: only the member can give consent; it stays off")
            elif self._update:
                plan.fields[name] = cells[name]
            else:
                plan.remarks.append(f"{name}: differs from what the member has, which stays; --update takes the file's")


def _plan_grant(plan: Plan, cells: dict[str, Any], lot: CreditLot | None) -> None:
    """An opening balance is granted once for each member, ever; what was granted stays as it is."""
    number = cells.get("credits")
    if not number:
        return
    expires_at = _end_of(cells["credits_expire_on"]) if "credits_expire_on" in cells else None
    if lot is None:
        plan.grant = {"credits": number, "expires_at": expires_at, "note": cells.get("note", NOTE)}
        if expires_at is not None and expires_at <= timezone.now():
            plan.refused = True
            plan.remarks = ["credits_expire_on: Credits cannot expire in the past."]
    elif (lot.granted, lot.expires_at) != (number, expires_at):
        plan.remarks.append("credits: another opening balance was granted before, which stays; correct it in the admin")


def _apply(plan: Plan) -> None:
    member = plan.member
    if member is None:
        member = Member.objects.create_user(plan.email, **plan.fields)
    elif plan.fields:
        # The address changes with the erasure and never otherwise.
        Member.objects.filter(pk=member.pk, email=plan.email).update(**plan.fields)
    if plan.grant:
        credits.grant(member=member, granted_by=None, idempotency_key=_key(member), now=timezone.now(), **plan.grant)


def _key(member: Member) -> str:
    return f"{COMMAND}:{member.pk}"


def _as_kept(name: str, value: Any) -> Any:
    return PhoneField().get_prep_value(value) if name == "phone" and value else value


def _end_of(day: date) -> datetime:
    """The last moment of a day at the studio."""
    return studio_clock.moment(day + timedelta(days=1))
