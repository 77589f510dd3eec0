"""The admin's own forms write what they change into the log, in the transaction that saves it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.forms.models import model_to_dict
from django.http import HttpRequest
from django.utils import timezone

from members import acts
from members.requests import staff_of

# What is nobody's business, and what only a form needs.
UNTOLD = ("data", "password", "password1", "password2", "usable_password", "idempotency_key")


def log(request: HttpRequest, act: str, subject: str, **told: Any) -> None:
    """Write who asked for what, in the caller's transaction; see `acts.record`."""
    acts.record(actor=staff_of(request), act=act, subject=subject, now=timezone.now(), **told)


class LoggedAdmin(admin.ModelAdmin):
    """An admin whose forms, inlines and deletions stand in the log. `called` is what staff call one of its rows."""

    called = ""

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Iterable[Any], change: bool) -> None:
        for formset in formsets:
            for row in (row for row in formset.deleted_forms if row.instance.pk):
                _log_deletion(request, row.instance._meta.model_name, row.initial, row.instance.pk)
        super().save_related(request, form, formsets, change)
        self.log_form(request, form, self.called, change=change)
        for formset in formsets:
            for row in formset.forms:
                if row not in formset.deleted_forms and row.has_changed():
                    called = row.instance._meta.model_name
                    self.log_form(request, row, called, change=row in formset.initial_forms)

    def log_form(self, request: HttpRequest, form: ModelForm, called: str, *, change: bool) -> None:
        """One line for one form, if it changed anything."""
        names = [name for name in (form.changed_data if change else form.fields) if name not in UNTOLD]
        if change and not names:
            return
        saved = model_to_dict(form.instance, fields=names)
        after = {name: saved.get(name, form.cleaned_data.get(name)) for name in names}
        before = {name: form.initial.get(name) for name in names} if change else {}
        act = f"{'change' if change else 'create'}_{called}"
        log(request, act, f"{called}:{form.instance.pk}", before=plain(before), after=plain(after))

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        self.delete_queryset(request, type(obj)._default_manager.filter(pk=obj.pk))

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            _log_deletion(request, self.called, model_to_dict(row), row.pk)
        super().delete_queryset(request, queryset)


def _log_deletion(request: HttpRequest, called: str, before: dict[str, Any], pk: Any) -> None:
    told = {name: value for name, value in before.items() if name not in UNTOLD}
    log(request, f"delete_{called}", f"{called}:{pk}", before=plain(told))


def plain(told: dict[str, Any]) -> dict[str, Any]:
    """As JSON has it: rows by their id, moments in UTC."""
    return {name: _plain(value) for name, value in told.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, list | tuple | QuerySet):
        return sorted(_plain(one) for one in value)
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return value if value is None or isinstance(value, bool | int | float) else str(value)
