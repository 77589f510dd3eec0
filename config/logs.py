"""Every line with its request id, JSON for machines and plain text for people, and nothing in it that opens a door."""

import json
import logging
import re
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

# What is masked wherever it stands, in messages, tracebacks and what hangs on a record, and what is left of it.
MASKS = (
    # A calendar's address opens it to whoever reads it, and Stripe sends payers back with their intent's secret.
    (re.compile(r"(/calendar/)[0-9A-Za-z_-]{43}(?=\.ics)"), r"\1…"),
    (re.compile(r"(payment_intent_client_secret=)[^&#\s\"']+"), r"\1…"),
    # allauth's own pages for a reset or a confirmation have its key.
    (re.compile(r"(/reset/key/|/confirm-email/)[^/\s\"']+"), r"\1…"),
    (re.compile(r"\b([a-z]+_[0-9A-Za-z]+_secret_)[0-9A-Za-z]+"), r"\1…"),
    (re.compile(r"\b((?:sk|rk)_(?:live|test)_|whsec_)[0-9A-Za-z_]+"), r"\1…"),
    # A number in E.164, as it is or in an address.
    (re.compile(r"((?:\+|%2[Bb])\d{2})\d{4,11}(\d{2})(?!\d)"), r"\1…\2"),
)
SHORTEST = 6
_secrets: set[str] = set()


def keep_secret(*values: str) -> None:
    """From now on these stand in no line; what is shorter than six characters is no secret."""
    for value in values:
        if len(value) >= SHORTEST:
            _secrets.update((value, json.dumps(value)[1:-1]))


def masked(line: str) -> str:
    """The line without secrets and without full phone numbers."""
    for secret in _secrets:
        line = line.replace(secret, "…")
    for pattern, rest in MASKS:
        line = pattern.sub(rest, line)
    return line


class Plain(logging.Formatter):
    """A line for people."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


class Json(JsonFormatter):
    """A line for machines, whatever hangs on the record included."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


def formatter(*, as_json: bool) -> logging.Formatter:
    """The one form that all lines have."""
    if not as_json:
        return Plain("%(levelname)s %(name)s [%(correlation_id)s] %(message)s")
    return Json(
        "%(levelname)s %(name)s %(correlation_id)s %(message)s",
        timestamp=True,
        rename_fields={"levelname": "level", "name": "logger", "correlation_id": "request_id"},
        # Django hangs the whole request on its records, query and all; the message names its path.
        reserved_attrs=[*RESERVED_ATTRS, "request", "server_time"],
        json_ensure_ascii=False,
    )


def configuration(*, as_json: bool) -> dict[str, Any]:
    """One console handler for everything that the program and its libraries have to say."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": "django_guid.log_filters.CorrelationId"}},
        "formatters": {"lines": {"()": formatter, "as_json": as_json}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "lines",
                "filters": ["request_id"],
            },
        },
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            # runserver's lines go the same way as all others.
            "django.server": {"handlers": [], "level": "INFO", "propagate": True},
            "django_guid": {"level": "WARNING"},
            # At DEBUG the SDK prints client secrets.
            "stripe": {"level": "WARNING"},
            "twilio": {"level": "WARNING"},
        },
    }
