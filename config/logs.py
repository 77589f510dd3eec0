from typing import Any


def configuration(*, as_json: bool) -> dict[str, Any]:
    """One console handler, every line with its request id: JSON for machines, plain text for people."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": "django_guid.log_filters.CorrelationId"}},
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
                "filters": ["request_id"],
            },
        },
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django_guid": {"level": "WARNING"},
            # At DEBUG the SDK prints client secrets.
            "stripe": {"level": "WARNING"},
            "twilio": {"level": "WARNING"},
        },
    }
