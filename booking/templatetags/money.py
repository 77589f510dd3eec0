"""Amounts and movements as people read them."""

from typing import Any

from django import template

from payments.currencies import written

register = template.Library()


@register.filter
def money(amount: int, currency: str) -> str:
    """Minor units beside their currency: `15.00 GBP`."""
    return written(amount, currency)


@register.filter
def signed(number: int) -> str:
    """What comes in with a plus, what goes out with a minus."""
    return f"{number:+}"


@register.filter
def under(found: dict[Any, Any], key: Any) -> Any:
    """What stands under this key, if anything does."""
    return found.get(key) if found else None
