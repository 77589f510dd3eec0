"""What the pages of the front desk are sent."""

from typing import Any

from django import forms

from booking.desk import KEY
from booking.models import Booking
from members.serializers import NewMemberSerializer

PAY_WITH = ((Booking.PayWith.CREDITS, "credits"), (Booking.PayWith.DESK, "cash"))


class SaleForm(forms.Form):
    """A sale; its key stands in the page, so that a form that is sent twice sells once."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    pay_with = forms.ChoiceField(choices=PAY_WITH)
    here = forms.BooleanField(required=False, label="They are here: check them in")
    reason = forms.CharField(required=False, max_length=200, label="Why an extra seat")

    def clean_key(self) -> str:
        return f"{KEY}{self.cleaned_data['key']}"


class NewcomerForm(forms.Form):
    """Somebody who is no member yet; what the API refuses of a new member is refused here in its words."""

    name = forms.CharField(max_length=150)
    email = forms.EmailField(max_length=254, label="E-mail")
    phone = forms.CharField(required=False, max_length=32, help_text="With its country code, as +44 7700 900123.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.newcomer = NewMemberSerializer(data=cleaned)
        if not self.errors and not self.newcomer.is_valid():
            for name, errors in self.newcomer.errors.items():
                self.add_error(name if name in self.fields else None, [str(error) for error in errors])
        return cleaned
