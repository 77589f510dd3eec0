"""How the studio is doing, on one page of the admin: any time, any kind of session, each table as a file."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from booking.models import SessionType
from booking.reports.span import Span
from booking.sheets import attendance, fill, holds, outstanding, revenue, waiting
from booking.sheets.sheet import Sheet
from boundary import studio_clock
from boundary.long_reading import long_reading
from boundary.replica import replica

SHEETS: dict[str, Callable[[Span], Sheet]] = {
    "fill": fill.sheet,
    "revenue": revenue.sheet,
    "credits": outstanding.sheet,
    "holds": holds.sheet,
    "no-shows": attendance.sheet,
    "waitlist": waiting.sheet,
}
PRESETS = (("week", "This week"), ("month", "This month"), ("90-days", "90 days"), ("year", "A year"))
USUAL = "90-days"
may_see = permission_required("booking.view_reports", raise_exception=True)


@dataclass(frozen=True)
class Asked:
    """What the address asks for: a span, or what is wrong with it."""

    span: Span | None = None
    wrong: str = ""


@may_see
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """The page; a mistake in its address shows what is wrong, and no report."""
    kinds = dict(SessionType.objects.order_by("name").values_list("pk", "name"))
    asked = _asked(request.GET, kinds, timezone.now())
    context = {
        **admin.site.each_context(request),
        "title": "How are we doing",
        "wrong": asked.wrong,
        "span": asked.span,
        "kind": kinds.get(asked.span.kind) if asked.span and asked.span.kind else None,
        "kinds": kinds,
        "presets": PRESETS,
        "query": _query(asked.span),
        "sheets": _sheets(asked.span) if asked.span else {},
    }
    return TemplateResponse(request, "admin/booking/reports.html", context, status=400 if asked.wrong else 200)


@may_see
@require_safe
def as_csv(request: HttpRequest, report: str, table: str) -> HttpResponse:
    """One table of a report as a file, with the figures of the page."""
    if report not in SHEETS:
        raise Http404
    kinds = dict(SessionType.objects.values_list("pk", "name"))
    asked = _asked(request.GET, kinds, timezone.now())
    if asked.span is None:
        return HttpResponse(f"{asked.wrong}\n", status=400, content_type="text/plain; charset=utf-8")
    for one in _sheets(asked.span, report)[report].tables:
        if one.name == table:
            name = f"{report}-{table}-{asked.span.first}-{asked.span.last}.csv"
            disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
            return HttpResponse(one.as_csv(), content_type="text/csv; charset=utf-8", headers=disposition)
    raise Http404


def _sheets(span: Span, *names: str) -> dict[str, Sheet]:
    """These sheets, or all: from the replica once it has everything that was written before somebody asked."""

    def drawn(database: str) -> dict[str, Sheet]:
        there = replace(span, database=database)
        with long_reading(seconds=settings.TIMEOUTS.report, using=database):
            return {name: SHEETS[name](there) for name in names or SHEETS}

    return replica.present(drawn)


def _asked(query: QueryDict, kinds: dict[int, str], now: datetime) -> Asked:
    preset, first, last, kind = (query.get(name, "") for name in ("range", "from", "to", "type"))
    if kind and kind not in map(str, kinds):
        return Asked(wrong="There is no such kind of session.")
    of_kind = int(kind) if kind else None
    if preset or not (first or last):
        today = studio_clock.today(now)
        begins = _first_of(preset or USUAL, today)
        return Asked(Span(begins, today, now, of_kind)) if begins else Asked(wrong="There is no such range.")
    days = studio_clock.day(first), studio_clock.day(last)
    if days[0] is None or days[1] is None:
        return Asked(wrong=f"Give both days as 2026-03-31, from {studio_clock.FIRST_YEAR} to {studio_clock.LAST_YEAR}.")
    if days[1] < days[0]:
        return Asked(wrong="The last day is before the first.")
    return Asked(Span(days[0], days[1], now, of_kind))


def _first_of(preset: str, today: date) -> date | None:
    """The day on which a range that ends today begins."""
    return {
        "week": today - timedelta(days=today.weekday()),
        "month": today.replace(day=1),
        "90-days": today - timedelta(days=89),
        "year": today - timedelta(days=364),
    }.get(preset)


def _query(span: Span | None) -> str:
    """The same span as the end of an address, for the files."""
    if span is None:
        return ""
    query = QueryDict(mutable=True)
    query.update({"from": str(span.first), "to": str(span.last)})
    if span.kind is not None:
        query["type"] = str(span.kind)
    return query.urlencode()
