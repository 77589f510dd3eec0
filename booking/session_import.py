"""Sessions come in from a file: new ones into the schedule; those that are there are changed only when staff say so.

Note [What is the same session]: the same title at the same start in the same place. No two are, for nobody could tell
them apart; so a row with another start or place is another session, and a file moves none.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework import serializers

from booking import session_changes
from booking.models import ClassSession, SessionType
from booking.serializers import SessionSerializer
from booking.session_row import SessionRow, of_its_kind
from boundary import faults
from boundary.importing import Fate, Verdict, told
from boundary.sheets import Row
from members import runs

COMMAND = "import_sessions"
Key = tuple[str, datetime, str]
There = dict[Key, list[ClassSession]]


@dataclass
class Plan:
    """What a row wants: a session to make, or changes of one that is there; and what is to be told."""

    row: Row
    fate: Fate
    remarks: list[str] = field(default_factory=list)
    session: ClassSession | None = None
    changes: dict[str, Any] = field(default_factory=dict)


class SessionImport:
    """One run over one file."""

    def __init__(self, *, update: bool, dry_run: bool) -> None:
        self._update, self._dry_run = update, dry_run
        self._reader = SessionRow(context={"kinds": {kind.name: kind for kind in SessionType.objects.all()}})
        self._lines: dict[Key, int] = {}  # where each session stood first

    def take(self, rows: list[Row]) -> list[Verdict]:
        """Decide on some rows and write them; a dry run decides alike and writes nothing.

        New ones are written in one transaction, and each change in its own, for it may reach members.
        """
        plans, wanted = [], []
        for row in rows:
            read = self._read(row)
            if isinstance(read, dict):
                wanted.append((row, read))
            else:
                plans.append(Plan(row, Fate.REFUSED, read))
        plans += self._plans(wanted) if self._dry_run else self._add(wanted)
        for plan in plans if not self._dry_run else ():
            if plan.changes:
                _change(plan)
        return [Verdict(plan.row, plan.fate, plan.remarks) for plan in plans]

    def _read(self, row: Row) -> dict[str, Any] | list[str]:
        """The cells as values, or why they will not do. An empty cell says nothing."""
        cells = {name: text for name, text in row.cells.items() if text}
        if "currency" in cells:
            cells["currency"] = cells["currency"].lower()
        try:
            values = self._reader.run_validation(cells)
        except serializers.ValidationError as error:
            return told(error)
        before = self._lines.setdefault(_key(values), row.line)
        return values if before == row.line else [f"title, starts_at, location: they stand on line {before} already"]

    @faults.retried
    def _add(self, wanted: list[tuple[Row, dict[str, Any]]]) -> list[Plan]:
        with transaction.atomic():
            # Nothing in the database keeps two runs from making the same session.
            runs.take_turn(COMMAND)
            plans = self._plans(wanted)
            new = [plan.session for plan in plans if plan.fate == Fate.CREATED and plan.session]
            ClassSession.objects.bulk_create(new)
        return plans

    def _plans(self, wanted: list[tuple[Row, dict[str, Any]]]) -> list[Plan]:
        """What each row wants, by what is there now: one query."""
        there: There = {}
        rows = ClassSession.objects.filter(starts_at__in={cells["starts_at"] for _, cells in wanted})
        for session in rows.select_related("session_type"):
            there.setdefault((session.title, session.starts_at, session.location), []).append(session)
        return [self._plan(row, cells, there.get(_key(cells), [])) for row, cells in wanted]

    def _plan(self, row: Row, cells: dict[str, Any], there: list[ClassSession]) -> Plan:
        on = [session for session in there if session.status == ClassSession.Status.SCHEDULED]
        try:
            if not there:
                values = SessionSerializer().validate(of_its_kind(cells))
                return Plan(row, Fate.CREATED, session=ClassSession(**values))
            if len(on) > 1:
                return Plan(row, Fate.REFUSED, [f"{len(on)} sessions are the same by title, start and place"])
            return self._change_of(on[0], row, cells) if on else _cancelled(row)
        except serializers.ValidationError as error:
            return Plan(row, Fate.REFUSED, told(error))

    def _change_of(self, session: ClassSession, row: Row, cells: dict[str, Any]) -> Plan:
        changes = {name: value for name, value in cells.items() if getattr(session, name) != value}
        if not changes:
            return Plan(row, Fate.UNCHANGED)
        seats = f"; {session.seats_taken} of its seats are taken" if session.seats_taken else ""
        names = ", ".join(changes)
        if not self._update:
            remark = f"{names}: differs from the session that is there, which stays{seats}; --update takes the file's"
            return Plan(row, Fate.DIFFERING, [remark])
        SessionSerializer(session).validate(dict(changes))
        remarks = [f"{names}: changed{seats}, which keep what was agreed"] if seats else []
        return Plan(row, Fate.UPDATED, remarks, session, changes)


def _cancelled(row: Row) -> Plan:
    return Plan(row, Fate.DIFFERING, ["the session is cancelled, and stays so"])


def _change(plan: Plan) -> None:
    """As staff change a session: seats that a raised capacity brings go to who waits for them."""
    assert plan.session is not None
    for name, value in plan.changes.items():
        setattr(plan.session, name, value)
    try:
        with transaction.atomic():
            session_changes.write(plan.session, changed=plan.changes, actor=None, now=timezone.now())
    except IntegrityError:  # a seat was taken since we looked
        plan.fate, plan.remarks = Fate.REFUSED, ["capacity: More seats than that are taken already."]


def _key(cells: dict[str, Any]) -> Key:
    return cells["title"], cells["starts_at"], cells["location"]
