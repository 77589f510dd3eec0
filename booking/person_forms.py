"""What staff fill in on a member's page."""

from typing import Any

from django import forms


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


class RefundForm(ActForm):
    payment = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    amount = forms.CharField(label="Amount", max_length=20, widget=forms.TextInput({"inputmode": "decimal"}))
    reason = forms.CharField(label="Reason", max_length=200)


class NoteForm(ActForm):
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    text = forms.CharField(label="Note", max_length=1000, widget=forms.Textarea({"rows": 3}))
