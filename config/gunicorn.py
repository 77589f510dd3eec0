"""The production server: `gunicorn -c config/gunicorn.py config.wsgi`."""

import gc
from pathlib import Path
from typing import Any

from django.urls import get_resolver

from config import settings

bind = settings.BIND
workers = settings.WEB_CONCURRENCY
worker_class = "gthread"
threads = settings.WEB_THREADS
# A sign of life of the process, not a limit for its requests: those are bounded by what they wait for.
timeout = settings.TIMEOUTS.heartbeat
graceful_timeout = settings.TIMEOUTS.graceful
keepalive = settings.TIMEOUTS.keepalive
# The sign is a touch of a file, which a busy disk would hold up.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes a file of its own there
limit_request_line = 8190
limit_request_field_size = 8190
control_socket_disable = True
logger_class = "config.access_log.AccessLogger"
accesslog = "-" if settings.env.is_prod else None


def post_worker_init(worker: Any) -> None:
    """What a process has loaded stays for good: the collector need not look through all of it again and again."""
    get_resolver().url_patterns  # noqa: B018 - the first request would load them
    gc.collect()
    gc.freeze()
