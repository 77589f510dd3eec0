"""What staff fill in on a member's page."""

from collections.abc import Iterable
from datetime import date
from typing import Any, cast
from uuid import uuid4

from django import forms
from django.utils import timezone

from booking.policy import LATEST
from payments.models import CreditLot
from payments.serializers import LARGEST_GRANT


class ActForm(forms.Form):
    """One act on the page, whose fields have names of their own among all the others there."""

    def __init__(self, data: Any = None, *, place: str = "", initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, auto_id=f"{type(self).__name__}{place}-%s", label_suffix="", initial=initial)

    def complaint(self) -> str:
        """What is wrong with what was filled in, in one line."""
        return " ".join(
            f"{self.fields[name].label or name.capitalize()}: {' '.join(map(str, errors))}"
            for name, errors in self.errors.items()
        )


class GrantForm(ActForm):
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    credits = forms.IntegerField(label="Credits", min_value=1, max_value=LARGEST_GRANT)
    last_day = forms.DateField(
        label="Last day",
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text="The last day on which a session they pay for may start; empty: they stay.",
    )
    reason = forms.CharField(label="Reason", max_length=200, help_text="The member reads it beside the credits.")

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if day is not None and not timezone.localdate() <= day <= LATEST.date():
            raise forms.ValidationError(f"From today to {LATEST.year}.")
        return day


class CorrectForm(ActForm):
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    credits = forms.IntegerField(label="Credits to take back", min_value=1, max_value=LARGEST_GRANT)
    lot = forms.IntegerField(label="From", required=False, widget=forms.Select)
    reason = forms.CharField(label="Reason", max_length=200)

    def __init__(self, *args: Any, lots: Iterable[CreditLot] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(lot.pk, f"{lot.remaining} left of {lot.note}") for lot in lots]
        cast(forms.Select, self.fields["lot"].widget).choices = [("", "The lots as bookings use them"), *choices]


class RefundForm(ActForm):
    payment = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    amount = forms.CharField(label="Amount", max_length=20, widget=forms.TextInput({"inputmode": "decimal"}))
    reason = forms.CharField(label="Reason", max_length=200)


class NoteForm(ActForm):
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    text = forms.CharField(label="Note", max_length=1000, widget=forms.Textarea({"rows": 3}))


class ResendForm(ActForm):
    message = forms.UUIDField(widget=forms.HiddenInput)


class BlockForm(ActForm):
    reason = forms.CharField(label="Reason", max_length=200)
