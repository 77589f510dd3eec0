"""The production server: `gunicorn -c config/gunicorn.py config.wsgi`."""

from config import settings

bind = settings.BIND
workers = settings.WEB_CONCURRENCY
threads = settings.WEB_THREADS
logger_class = "config.access_log.AccessLogger"
worker_class = "gthread"
timeout = 60
graceful_timeout = 30
keepalive = 5
limit_request_line = 8190
limit_request_field_size = 8190
control_socket_disable = True
