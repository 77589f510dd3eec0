import logging
import re
from typing import Any

# A calendar's address opens it to whoever reads it, and Stripe sends payers back with their intent's secret: in no log.
SECRET_ADDRESS = re.compile(r"(/calendar/)[0-9A-Za-z_-]{43}(?=\.ics)|(payment_intent_client_secret=)[^&#\s\"']+")


class WithoutSecretAddresses(logging.Filter):
    """Lets every line pass, without the secret part of an address."""

    def filter(self, record: logging.LogRecord) -> bool:
        line = record.getMessage()
        if SECRET_ADDRESS.search(line):
            record.msg, record.args = SECRET_ADDRESS.sub(r"\1\2…", line), ()
        # Django hangs the request on its records, and the JSON of a line shows all that hangs on it.
        request = record.__dict__.get("request")
        if request is not None:
            record.request = SECRET_ADDRESS.sub(r"\1\2…", str(request))
        return True


def configuration(*, as_json: bool) -> dict[str, Any]:
    """One console handler, every line with its request id: JSON for machines, plain text for people."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "request_id": {"()": "django_guid.log_filters.CorrelationId"},
            "secret_addresses": {"()": WithoutSecretAddresses},
        },
        "formatters": {
            "plain": {"format": "%(levelname)s %(name)s [%(correlation_id)s] %(message)s"},
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s %(correlation_id)s %(message)s",
            },
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "json" if as_json else "plain",
                "filters": ["request_id", "secret_addresses"],
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
