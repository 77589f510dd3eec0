"""What staff enter of seats, prices and credits, with the same refusals as the API's."""

from typing import Any

from django.conf import settings
from django.forms import ModelForm

from booking.policy import MOST_CREDITS, MOST_SEATS
from payments.currencies import MAXIMUM_AMOUNT, MINIMUM_AMOUNT, too_little

A_DAY = 1440
LIMITS = {"amount": MAXIMUM_AMOUNT, "capacity": MOST_SEATS, "credits_required": MOST_CREDITS, "minutes": A_DAY}


class PriceForm(ModelForm):
    """A form for whatever has a price; one without a currency of its own is in that of its kind of session."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        for name, most in LIMITS.items():
            if (cleaned.get(name) or 0) > most:
                self.add_error(name, f"At most {most}.")
        priced = cleaned.get("currency") if "currency" in self.fields else self._of_its_kind(cleaned)
        currency = priced or settings.STRIPE_CURRENCY
        if currency not in MINIMUM_AMOUNT:
            self.add_error("currency", f"One of {', '.join(sorted(MINIMUM_AMOUNT))}.")
        elif why := too_little(cleaned.get("amount"), currency):
            self.add_error("amount", why)
        return cleaned

    def _of_its_kind(self, cleaned: dict[str, Any]) -> str | None:
        kind = cleaned.get("session_type")
        return kind.currency if kind else None
