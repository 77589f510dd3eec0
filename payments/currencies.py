"""The currencies the program sells in, and the least Stripe takes in each (minor units; docs.stripe.com/currencies)."""

import re

MINIMUM_AMOUNT = {
    "aud": 50,
    "brl": 50,
    "cad": 50,
    "chf": 50,
    "dkk": 250,
    "eur": 50,
    "gbp": 30,
    "hkd": 400,
    "inr": 50,
    "jpy": 50,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "nzd": 50,
    "pln": 200,
    "sek": 300,
    "sgd": 50,
    "thb": 1000,
    "usd": 50,
}
MAXIMUM_AMOUNT = 99_999_999
WITHOUT_DECIMALS = {"jpy"}


def written(amount: int, currency: str) -> str:
    """An amount in minor units as people read it: 1500 gbp is `15.00 GBP`."""
    whole = str(amount) if currency in WITHOUT_DECIMALS else f"{amount // 100}.{amount % 100:02}"
    return f"{whole} {currency.upper()}"


def read(text: str, currency: str) -> int | None:
    """The minor units of an amount as people write it, `15`, `15.5` or `15.00` for 1500 gbp; None when it is none."""
    found = re.fullmatch(r"([0-9]{1,8})(?:\.([0-9]{1,2}))?", text.strip())
    if found is None:
        return None
    whole, cents = found.groups()
    if currency in WITHOUT_DECIMALS:
        return None if cents else int(whole)
    return int(whole) * 100 + int((cents or "").ljust(2, "0"))


def too_little(amount: int | None, currency: str) -> str:
    """Why Stripe would refuse to charge this amount, in a sentence; empty when it would not, or nothing is charged."""
    least = MINIMUM_AMOUNT[currency]
    return f"The least that can be charged in {currency} is {least}." if amount and amount < least else ""
