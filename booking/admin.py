from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db import IntegrityError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html

from booking import cancel_pages, change_pages, session_changes, timetable_admin
from booking.models import Booking, BookingTransition, CalendarFeed, ClassSession, WaitlistEntry
from booking.policy import EARLIEST, LATEST, too_few_seats
from booking.price_form import PriceForm
from boundary.books import ReadOnlyAdmin
from members.acted import LoggedAdmin
from members.admin import MemberAdmin
from members.models import Member
from members.requests import staff_of


class SessionForm(PriceForm):
    """Beside the price: when it is, and no seat less than are taken."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "capacity" in self.fields:
            waiting = WaitlistEntry.objects.filter(WaitlistEntry.WAITING, session=self.instance).count()
            self.fields["capacity"].help_text = (
                f"{self.instance.seats_taken} taken, {waiting} in line. More seats are offered to who waits, in order; "
                "fewer than are taken cannot be."
            )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        for name in ("starts_at", "ends_at"):
            if name in cleaned and not EARLIEST <= cleaned[name] <= LATEST:
                self.add_error(name, f"From {EARLIEST.year} to {LATEST.year}.")
        if {"starts_at", "ends_at"} <= cleaned.keys() and cleaned["ends_at"] <= cleaned["starts_at"]:
            self.add_error("ends_at", "A session ends after it starts.")
        if why := too_few_seats(taken=self.instance.seats_taken, capacity=cleaned.get("capacity") or 0):
            self.add_error("capacity", why)
        return cleaned


@admin.register(ClassSession)
class ClassSessionAdmin(LoggedAdmin):
    called = "session"
    form = SessionForm
    list_display = ("title", "starts_at", "instructor", "seats_taken", "capacity", "amount", "currency", "status")
    list_filter = ("status", "instructor")
    search_fields = ("title", "instructor", "location")
    date_hierarchy = "starts_at"
    readonly_fields = ("seats_taken", "status", "revision", "created_at")
    actions = ("cancel_sessions", "change_many")

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(cancel_pages.PERMISSION))

    @admin.action(description="Cancel, after a look at what it returns", permissions=["cancel"])
    def cancel_sessions(self, request: HttpRequest, sessions: QuerySet[ClassSession]) -> HttpResponse:
        ids = list(sessions.values_list("pk", flat=True)[: cancel_pages.MOST + 1])
        return HttpResponseRedirect(cancel_pages.address("booking_cancel", ids))

    @admin.action(description="Change seats, instructor or location of many", permissions=["change"])
    def change_many(self, request: HttpRequest, sessions: QuerySet[ClassSession]) -> HttpResponse:
        ids = list(sessions.values_list("pk", flat=True)[: cancel_pages.MOST + 1])
        return HttpResponseRedirect(cancel_pages.address("booking_change_many", ids))

    def get_urls(self) -> list[Any]:
        pages = {
            "week": timetable_admin.week,
            "cancel": cancel_pages.cancel,
            "cancelled": cancel_pages.report,
            "change_many": change_pages.many,
        }
        view = self.admin_site.admin_view
        own = [path(f"{name.replace('_', '-')}/", view(page), name=f"booking_{name}") for name, page in pages.items()]
        return [*own, *super().get_urls()]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"currency": settings.STRIPE_CURRENCY, **super().get_changeform_initial_data(request)}

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kw: Any
    ) -> HttpResponse:
        """A change that concerns somebody is saved once staff have seen whom."""
        if object_id and (first := change_pages.before_saving(self, request, object_id)):
            return first
        try:
            return super().changeform_view(request, object_id, *args, **kw)
        except IntegrityError:
            # The form was right when it looked; the database has the last word.
            self.message_user(request, "A seat was taken meanwhile: nothing was saved. Look again.", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: ClassSession, form: ModelForm, change: bool) -> None:
        if change:
            session_changes.write(obj, changed=form.changed_data, actor=staff_of(request), now=timezone.now())
        else:
            super().save_model(request, obj, form, change)

    def log_form(self, request: HttpRequest, form: ModelForm, called: str, *, change: bool) -> None:
        """What is changed of a session is logged where it is written: see `session_changes`."""
        if not change:
            super().log_form(request, form, called, change=change)

    def has_delete_permission(self, request: HttpRequest, obj: ClassSession | None = None) -> bool:
        return False


class TransitionInline(admin.TabularInline):
    model = BookingTransition
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(CalendarFeed)
class CalendarFeedAdmin(ReadOnlyAdmin):
    """Who has a private calendar address; the address itself is nowhere."""

    list_display = ("member", "created_at")
    list_select_related = ("member",)
    search_fields = ("member__email", "member__name")


@admin.register(Booking)
class BookingAdmin(ReadOnlyAdmin):
    """Bookings change by what members, payments and commands do; here one looks."""

    list_display = ("reference", "who", "session", "status", "paid_with", "amount", "currency", "created_at")
    list_filter = ("status", "paid_with", "ended_reason")
    list_select_related = ("member", "session")
    search_fields = ("reference", "member__email", "member__name", "session__title")
    date_hierarchy = "created_at"
    inlines = (TransitionInline,)

    @admin.display(description="member", ordering="member")
    def who(self, booking: Booking) -> str:
        return format_html('<a href="{}">{}</a>', reverse("person", args=(booking.member_id,)), booking.member)


@admin.register(WaitlistEntry)
class WaitlistEntryAdmin(ReadOnlyAdmin):
    """Who waits for what, in the order of the line; members join and leave, freed seats make offers."""

    list_display = ("id", "member", "session", "state", "joined_at", "left_at", "offer")
    list_select_related = ("member", "session", "offer")
    search_fields = ("member__email", "member__name", "session__title")
    date_hierarchy = "joined_at"


admin.site.unregister(Member)


@admin.register(Member)
class PersonAdmin(MemberAdmin):
    """Members as their own app shows them, with the way to what the apps above know of each."""

    def get_list_display(self, request: HttpRequest) -> Any:
        return (*super().get_list_display(request), "page")

    @admin.display(description="page")
    def page(self, member: Member) -> str:
        return format_html('<a href="{}">Bookings, money, messages</a>', reverse("person", args=(member.pk,)))
