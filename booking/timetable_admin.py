"""The timetable in the admin: kinds of sessions, rules, closed days, and the week as it will be."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from booking import timetable
from booking.models import ClassSession, Closure, SessionType, TimetableRule
from booking.price_form import PriceForm
from boundary import studio_clock
from members.acted import LoggedAdmin, log
from members.requests import staff_of

WEEKS, WEEK = 8, timedelta(weeks=1)
EXISTING = (
    (timetable.KEEP, "Leave the coming sessions as they are"),
    (timetable.EMPTY, "Change those that nobody has booked"),
    (timetable.ALL, "Change all; whoever holds a seat is told, and what falls away is returned"),
)


@admin.register(SessionType)
class SessionTypeAdmin(LoggedAdmin):
    """What a kind of session is like; a change reaches the coming sessions through the rules, when these are saved."""

    called = "session_type"
    form = PriceForm
    list_display = ("name", "minutes", "capacity", "amount", "currency", "credits_required", "cancellation_tiers")
    search_fields = ("name",)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"currency": settings.STRIPE_CURRENCY, **super().get_changeform_initial_data(request)}


class RuleForm(PriceForm):
    existing = forms.ChoiceField(
        choices=EXISTING,
        required=False,
        widget=forms.RadioSelect,
        label="Coming sessions of this rule",
        help_text="What becomes of the sessions that this rule has put into the schedule already.",
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        first, last = cleaned.get("starts_on"), cleaned.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", "A rule ends after it starts.")
        changed = self.has_changed() and self.changed_data != ["existing"]
        unsaid = self.instance.pk and changed and not cleaned.get("existing")
        if unsaid and timetable.coming(self.instance, now=timezone.now()).exists():
            self.add_error("existing", "Say what becomes of the sessions that are in the schedule already.")
        return cleaned


class ClosureInline(admin.TabularInline):
    model = Closure
    extra = 0


@admin.register(TimetableRule)
class TimetableRuleAdmin(LoggedAdmin):
    called = "rule"
    form = RuleForm
    list_display = ("session_type", "recurrence", "at", "instructor", "location", "starts_on", "ends_on")
    list_filter = ("session_type", "instructor")
    list_select_related = ("session_type",)
    inlines = (ClosureInline,)
    actions = ("generate",)

    def get_fields(self, request: HttpRequest, obj: TimetableRule | None = None) -> Any:
        fields = [name for name in super().get_fields(request, obj) if name != "existing"]
        return [*fields, "existing"] if obj else fields

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What follows for the sessions comes after the rule is committed: it may ask Stripe to end a hold."""
        response = super().changeform_view(request, *args, **kwargs)
        if following := vars(request).pop("following", None):
            self._follow(request, *following)
        return response

    def save_model(self, request: HttpRequest, obj: TimetableRule, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if how := form.cleaned_data.get("existing"):
            vars(request)["following"] = (obj, how)

    def _follow(self, request: HttpRequest, rule: TimetableRule, how: str) -> None:
        report = timetable.follow(rule, how=how, actor=staff_of(request), now=timezone.now())
        text = f"Coming sessions: {report.changed} changed, {report.called_off} called off."
        if report.left:
            text += f" Left as they are: {'; '.join(report.left)}."
        self.message_user(request, text, messages.WARNING if report.left else messages.SUCCESS)

    @admin.action(description=f"Put their sessions into the schedule ({WEEKS} weeks)", permissions=["change"])
    def generate(self, request: HttpRequest, rules: QuerySet[TimetableRule]) -> None:
        now = timezone.now()
        until = studio_clock.today(now) + timedelta(weeks=WEEKS)
        added = sum(_generate(request, rule, until, now) for rule in rules.select_related("session_type"))
        self.message_user(request, f"{added} sessions added until {until}.")


@transaction.atomic
def _generate(request: HttpRequest, rule: TimetableRule, until: date, now: datetime) -> int:
    added = timetable.generate(rule, until=until, now=now)
    log(request, "generate_sessions", f"rule:{rule.pk}", after={"added": added, "until": until})
    return added


@admin.register(Closure)
class ClosureAdmin(LoggedAdmin):
    """Days without sessions. Sessions that stand in the schedule already are called off by hand."""

    called = "closure"
    list_display = ("first", "last", "rule", "reason")
    list_select_related = ("rule__session_type",)


@permission_required("booking.view_classsession", raise_exception=True)
def week(request: HttpRequest) -> HttpResponse:
    """Seven days as they stand in the schedule, and what the rules would still add, in studio time."""
    now = timezone.now()
    day = studio_clock.day(request.GET.get("of", "")) or studio_clock.today(now)
    monday = day - timedelta(days=day.weekday())
    days = [monday + timedelta(days=number) for number in range(7)]
    rows = ClassSession.objects.filter(
        starts_at__gte=studio_clock.moment(days[0]), starts_at__lt=studio_clock.moment(monday + WEEK)
    )
    sessions = list(rows.order_by("starts_at"))
    rules = list(TimetableRule.objects.select_related("session_type"))
    planned = timetable.missing(rules, until=days[-1], now=now)
    sessions += [session for session in planned if session.occurs_on and session.occurs_on >= monday]
    sessions.sort(key=lambda session: session.starts_at)
    by_day = {day: [one for one in sessions if studio_clock.today(one.starts_at) == day] for day in days}
    context = {
        **admin.site.each_context(request),
        "title": f"Week of {monday:%d %B %Y}",
        "days": by_day.items(),
        "earlier": monday - WEEK,
        "later": monday + WEEK,
    }
    return TemplateResponse(request, "admin/booking/week.html", context)
