"""Currencies Stripe takes, and the least and most one payment may be."""

from __future__ import annotations

from sandbox.stripe import errors

MOST = 99_999_999

# In minor units, by currency. Stripe publishes these and changes them; the live API has the last word.
_LEAST = {
    "usd": 50, "eur": 50, "aud": 50, "cad": 50, "chf": 50, "nzd": 50, "sgd": 50, "brl": 50, "inr": 50,
    "gbp": 30, "dkk": 250, "nok": 300, "sek": 300, "pln": 200, "hkd": 400, "mxn": 1000, "jpy": 50,
    "myr": 200, "thb": 1000, "aed": 200, "czk": 1500, "huf": 17500, "ron": 200,
}  # fmt: skip
# For these Stripe publishes no least amount: it is what half a US dollar is worth on the day.
_OTHERS = (
    "afn", "all", "amd", "ang", "aoa", "ars", "awg", "azn", "bam", "bbd", "bdt", "bgn", "bhd", "bif", "bmd", "bnd",
    "bob", "bsd", "bwp", "byn", "bzd", "cdf", "clp", "cny", "cop", "crc", "cve", "djf", "dop", "dzd", "egp", "etb",
    "fjd", "fkp", "gel", "gip", "gmd", "gnf", "gtq", "gyd", "hnl", "htg", "idr", "ils", "isk", "jmd", "jod", "kes",
    "kgs", "khr", "kmf", "krw", "kwd", "kyd", "kzt", "lak", "lbp", "lkr", "lrd", "lsl", "mad", "mdl", "mga", "mkd",
    "mmk", "mnt", "mop", "mur", "mvr", "mwk", "mzn", "nad", "ngn", "nio", "npr", "omr", "pab", "pen", "pgk", "php",
    "pkr", "pyg", "qar", "rsd", "rub", "rwf", "sar", "sbd", "scr", "shp", "sle", "sos", "srd", "std", "szl", "tjs",
    "tnd", "top", "try", "ttd", "twd", "tzs", "uah", "ugx", "uyu", "uzs", "vnd", "vuv", "wst", "xaf", "xcd", "xcg",
    "xof", "xpf", "yer", "zar", "zmw",
)  # fmt: skip
CURRENCIES = {*_LEAST, *_OTHERS}

_THREE_DECIMALS = {"bhd", "jod", "kwd", "omr", "tnd"}
_NO_DECIMALS = {
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf",
}  # fmt: skip


def check_currency(currency: str) -> str:
    """The currency in lower case; refuses what is not on the list."""
    currency = currency.lower()
    if currency not in CURRENCIES:
        raise errors.invalid(
            f"Invalid currency: {currency}. The sandbox takes: {', '.join(sorted(CURRENCIES))}", param="currency"
        )
    return currency


def check_amount(amount: int, currency: str) -> int:
    """The amount in minor units; refuses what is below the currency's minimum, above eight digits, or too exact."""
    if amount < 1:
        raise errors.invalid(
            "This value must be greater than or equal to 1.", param="amount", code="parameter_invalid_integer"
        )
    if amount < _LEAST.get(currency, 1):
        message = f"Amount must be at least {written(_LEAST[currency], currency)}."
        raise errors.invalid(message, param="amount", code="amount_too_small")
    if amount > MOST:
        message = f"Amount must be no more than {written(MOST, currency)}."
        raise errors.invalid(message, param="amount", code="amount_too_large")
    if currency in _THREE_DECIMALS and amount % 10:
        message = f"The last digit of an amount in {currency} must be 0."
        raise errors.invalid(message, param="amount", code="parameter_invalid_integer")
    return amount


def written(amount: int, currency: str) -> str:
    """An amount of minor units as people write it: `15.00 gbp`."""
    decimals = 3 if currency in _THREE_DECIMALS else 0 if currency in _NO_DECIMALS else 2
    return f"{amount / 10**decimals:.{decimals}f} {currency}"
