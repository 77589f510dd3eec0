"""The timetable: rules in wall time become sessions, and sessions follow their rule when staff say so.

A rule means the clock on the studio's wall: see the note [Wall time] in `boundary/studio_clock.py`. How long a class
takes is counted in real minutes.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from booking import session_cancellation, session_changes
from booking.exceptions import SessionClosed
from booking.models import ClassSession, Closure, TimetableRule
from boundary import studio_clock
from members.models import Member

KEEP, EMPTY, ALL = "keep", "empty", "all"


@dataclass
class Report:
    """What following a rule has done: how many sessions were changed or called off, and why some were left."""

    changed: int = 0
    called_off: int = 0
    left: list[str] = field(default_factory=list)


def _open_days(rule: TimetableRule, closures: list[Closure], *, first: date, last: date) -> list[date]:
    """The days on which a rule recurs and nothing is closed."""
    closed = [(one.first, one.last) for one in closures if one.rule_id in (None, rule.pk)]
    return [day for day in rule.days(first, last) if not any(start <= day <= end for start, end in closed)]


def _closures(first: date, last: date) -> list[Closure]:
    return list(Closure.objects.filter(first__lte=last, last__gte=first))


def drawn(rule: TimetableRule, day: date) -> dict[str, Any]:
    """What the rule says of its session on that day."""
    kind, starts_at = rule.session_type, studio_clock.moment(day, rule.at)
    own = {name: getattr(rule, name) for name in ("capacity", "amount", "credits_required")}
    return {
        "title": kind.name,
        "description": kind.description,
        "instructor": rule.instructor,
        "location": rule.location,
        "currency": kind.currency,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=kind.minutes),
        **{name: getattr(kind, name) if value is None else value for name, value in own.items()},
    }


def missing(rules: list[TimetableRule], *, until: date, now: datetime) -> list[ClassSession]:
    """The sessions that rules want up to that day and that are not there; none whose time is over. Writes nothing.

    Two queries, however many rules there are; their kinds must have come with them.
    """
    today = studio_clock.today(now)
    closures = _closures(today, until)
    rows = ClassSession.objects.filter(rule__in=rules, occurs_on__range=(today, until))
    there = set(rows.values_list("rule", "occurs_on"))
    return [
        ClassSession(rule=rule, occurs_on=day, session_type=rule.session_type, **drawn(rule, day))
        for rule in rules
        for day in _open_days(rule, closures, first=today, last=until)
        if (rule.pk, day) not in there and studio_clock.moment(day, rule.at) > now
    ]


def generate(rule: TimetableRule, *, until: date, now: datetime) -> int:
    """Add the sessions that are missing, and touch no other; how many there were. Safe to run twice at once."""
    sessions = missing([rule], until=until, now=now)
    before = ClassSession.objects.filter(rule=rule).count()
    ClassSession.objects.bulk_create(sessions, ignore_conflicts=True)
    return ClassSession.objects.filter(rule=rule).count() - before


def coming(rule: TimetableRule, *, now: datetime) -> QuerySet[ClassSession]:
    """What a rule has put into the schedule and has not begun."""
    rows = ClassSession.objects.filter(rule=rule, starts_at__gt=now, status=ClassSession.Status.SCHEDULED)
    return rows.order_by("starts_at")


def follow(rule: TimetableRule, *, how: str, actor: Member, now: datetime) -> Report:
    """Bring the coming sessions of a changed rule in line with it: all of them, or those that nobody has booked.

    A day that the rule does not have any more is called off. Whoever holds a seat is told, and keeps the price agreed.
    """
    report = Report()
    sessions = list(coming(rule, now=now)) if how != KEEP else []
    today = studio_clock.today(now)
    last = max((session.occurs_on for session in sessions if session.occurs_on), default=today)
    days = set(_open_days(rule, _closures(today, last), first=today, last=last))
    for session in sessions:
        if session.seats_taken and how == EMPTY:
            report.left.append(f"{session}: {session.seats_taken} seats are taken")
        elif session.occurs_on in days:
            _redraw(session, rule, report, actor=actor, now=now)
        else:
            _call_off(session, report, actor=actor, now=now)
    return report


def _redraw(session: ClassSession, rule: TimetableRule, report: Report, *, actor: Member, now: datetime) -> None:
    assert session.occurs_on is not None
    wanted = drawn(rule, session.occurs_on)
    changed = [name for name, value in wanted.items() if getattr(session, name) != value]
    if session.seats_taken > wanted["capacity"]:
        report.left.append(f"{session}: {session.seats_taken} seats are taken, more than {wanted['capacity']}")
    elif wanted["starts_at"] <= now:
        report.left.append(f"{session}: its new time is over already")
    elif changed:
        for name in changed:
            setattr(session, name, wanted[name])
        session_changes.write(session, changed=changed, actor=actor, now=now)
        report.changed += 1


def _call_off(session: ClassSession, report: Report, *, actor: Member, now: datetime) -> None:
    try:
        endings = session_cancellation.cancel(session, actor=actor, now=now)
    except SessionClosed:
        report.left.append(f"{session}: it has begun")
        return
    report.called_off += 1
    report.left += [f"{session}, {ending.reference}: {ending.why}" for ending in endings if not ending.done]
