"""gunicorn's logs, in the form of the program's own and without what must not stand in them."""

import logging
from datetime import timedelta
from typing import Any

from gunicorn.glogging import Logger

from config import logs, settings


class AccessLogger(Logger):
    """gunicorn's own, whose lines are written as those of the program are; one for each request, with its id."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for logger in (self.access_log, self.error_log):
            for handler in logger.handlers:
                handler.setFormatter(logs.formatter(as_json=settings.env.is_prod))
                handler.addFilter(_with_request_id)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """Method, path, status, size and time. No query: staff search in it for names, numbers and addresses."""
        if not self.access_log_enabled:
            return
        method, path = environ["REQUEST_METHOD"], environ["RAW_URI"].partition("?")[0]
        status, milliseconds = str(resp.status).split(" ")[0], round(request_time.total_seconds() * 1000)
        headers = {name.lower(): value for name, value in resp.headers}
        more = {
            "method": method,
            "path": path,
            "status": int(status),
            "bytes": resp.sent,
            "milliseconds": milliseconds,
            "correlation_id": headers.get("x-request-id"),
        }
        self.access_log.info("%s %s %s %s ms", method, path, status, milliseconds, extra=more)


def _with_request_id(record: logging.LogRecord) -> bool:
    """Lines about no request have none."""
    record.__dict__.setdefault("correlation_id", None)
    return True
