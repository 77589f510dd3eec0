"""Staff change sessions in the admin: whom it concerns is seen before it is done, for one session and for many."""

from collections.abc import Mapping
from copy import copy
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.decorators import permission_required
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from booking import change_preview, session_changes
from booking.cancel_pages import NotChosen, chosen, to_list
from booking.models import ClassSession
from booking.policy import MOST_SEATS
from members.requests import staff_of

PERMISSION = "booking.change_classsession"
CONFIRMED = "_confirmed"
PAGE = "admin/booking/classsession/change_preview.html"


class ManyForm(forms.Form):
    """What is left empty stays as it is."""

    capacity = forms.IntegerField(required=False, min_value=0, max_value=MOST_SEATS)
    instructor = forms.CharField(required=False, max_length=120)
    location = forms.CharField(required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not self.wanted(cleaned):
            raise forms.ValidationError("Say what to change: seats, instructor or location.")
        return cleaned

    @staticmethod
    def wanted(cleaned: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in cleaned.items() if value not in ("", None)}


def before_saving(page: admin.ModelAdmin, request: HttpRequest, object_id: str) -> HttpResponse | None:
    """The page that says whom this change of one session concerns; None when it is confirmed, or concerns nobody."""
    if request.method != "POST" or CONFIRMED in request.POST:
        return None
    session = page.get_object(request, unquote(object_id))
    if session is None or not page.has_change_permission(request, session):
        return None
    form = page.get_form(request, session, change=True)(request.POST, request.FILES, instance=session)
    if not form.is_valid() or not form.has_changed():
        return None
    outlooks = change_preview.foresee([form.instance], now=timezone.now())
    if not any(one.concerns_somebody for one in outlooks):
        return None
    return _shown(request, outlooks, back=request.get_full_path())


@permission_required(PERMISSION, raise_exception=True)
def many(request: HttpRequest) -> HttpResponse:
    """Change seats, instructor or location of several sessions: what, then whom it concerns, and then it is done."""
    try:
        ids = chosen(request)
    except NotChosen as error:
        return to_list(request, error)
    form = ManyForm(request.POST or None)
    sessions = list(ClassSession.objects.filter(pk__in=ids).order_by("starts_at", "pk"))
    if not form.is_valid():
        context = {"form": form, "sessions": sessions, "ids": ",".join(map(str, ids)), "title": "Change many sessions"}
        page = "admin/booking/classsession/change_many.html"
        return TemplateResponse(request, page, {**admin.site.each_context(request), **context})
    wanted = ManyForm.wanted(form.cleaned_data)
    if CONFIRMED in request.POST:
        _do(request, sessions, wanted)
        return HttpResponseRedirect(reverse("admin:booking_classsession_changelist"))
    changed = [_with(session, wanted) for session in sessions if session.status == ClassSession.Status.SCHEDULED]
    outlooks = change_preview.foresee(changed, now=timezone.now())
    return _shown(request, outlooks, back=reverse("admin:booking_classsession_changelist"))


def _shown(request: HttpRequest, outlooks: list[change_preview.Outlook], *, back: str) -> HttpResponse:
    told = sum(len(one.told) for one in outlooks if not one.refused)
    context = {
        **admin.site.each_context(request),
        "title": "Before this is saved",
        "outlooks": outlooks,
        "told": told,
        "offered": sum(one.offered for one in outlooks if not one.refused),
        "saves": any(one.changes and not one.refused for one in outlooks),
        "entered": _entered(request.POST),
        "confirmed": CONFIRMED,
        "back": back,
    }
    return TemplateResponse(request, PAGE, context)


def _entered(form: QueryDict) -> list[tuple[str, str]]:
    """Everything that was typed, to be sent once more with the confirmation."""
    return [(name, str(value)) for name, values in form.lists() if name != "csrfmiddlewaretoken" for value in values]


def _with(session: ClassSession, wanted: Mapping[str, Any]) -> ClassSession:
    changed = copy(session)
    for name, value in wanted.items():
        setattr(changed, name, value)
    return changed


def _do(request: HttpRequest, sessions: list[ClassSession], wanted: Mapping[str, Any]) -> None:
    """One after the other, each as it is now; what cannot be changed is left and named."""
    done, left = 0, []
    for session in sessions:
        fields = [name for name, value in wanted.items() if getattr(session, name) != value]
        if session.status == ClassSession.Status.CANCELLED:
            left.append(f"{session}: it is cancelled")
        elif fields:
            try:
                changed = _with(session, wanted)
                session_changes.write(changed, changed=fields, actor=staff_of(request), now=timezone.now())
                done += 1
            except IntegrityError:
                left.append(f"{session}: more seats are taken than that")
    text = f"{done} sessions changed."
    if left:
        text += f" Left as they are: {'; '.join(left)}."
    messages.add_message(request, messages.WARNING if left else messages.SUCCESS, text)
