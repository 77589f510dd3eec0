"""What opens something to whoever reads it stands in no log."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import RequestFactory
from gunicorn.config import Config
from pythonjsonlogger.json import JsonFormatter

from config import logs
from config.access_log import AccessLogger
from tests.cast import Caller

TOKEN = "k" * 43
ADDRESS = f"/api/booking/calendar/{TOKEN}.ics"


@pytest.fixture
def console() -> Iterator[StringIO]:
    """What the program's console shows."""
    [handler] = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]
    shown = StringIO()
    before = handler.setStream(shown)
    yield shown
    handler.setStream(before)


def test_the_console_names_a_calendar_without_its_secret(anyone: Caller, console: StringIO) -> None:
    assert anyone.get(ADDRESS).status_code == 404
    logging.getLogger("django.request").warning("Not Found: %s", ADDRESS)
    logging.getLogger("django.server").info('"%s" %s %s', f"GET {ADDRESS} HTTP/1.1", 200, 1200)
    assert TOKEN not in console.getvalue()
    assert 'GET /api/booking/calendar/….ics HTTP/1.1" 200 1200' in console.getvalue()


def test_nobody_reads_in_a_log_what_stripe_sends_a_payer_back_with(console: StringIO) -> None:
    back = "/?payment_intent=pi_1&payment_intent_client_secret=pi_1_secret_abc&redirect_status=succeeded"
    logging.getLogger("django.server").info('"%s" %s %s', f"GET {back} HTTP/1.1", 200, 1200)
    assert "pi_1_secret_abc" not in console.getvalue()
    assert "payment_intent_client_secret=…&redirect_status=succeeded HTTP/1.1" in console.getvalue()


def test_a_line_of_json_shows_no_secret_in_what_hangs_on_it() -> None:
    record = logging.LogRecord("django.request", logging.ERROR, __file__, 1, "Internal Error: %s", (ADDRESS,), None)
    record.request = RequestFactory().get(ADDRESS)
    record.correlation_id = "1"
    assert logs.WithoutSecretAddresses().filter(record)
    line = JsonFormatter(logs.configuration(as_json=True)["formatters"]["json"]["format"]).format(record)
    assert TOKEN not in line
    assert "GET" in line


def test_gunicorn_writes_no_secret_address(tmp_path: Path) -> None:
    """Its log of requests is off unless somebody asks for it; its log of errors is not."""
    config: Any = Config()
    files = {name: tmp_path / name for name in ("accesslog", "errorlog")}
    for name, path in files.items():
        config.set(name, str(path))
    logger = AccessLogger(config)
    answer = SimpleNamespace(status="200 OK", sent=12, headers=[])
    environ = {"REQUEST_METHOD": "GET", "RAW_URI": ADDRESS, "SERVER_PROTOCOL": "HTTP/1.1"}
    logger.access(answer, SimpleNamespace(headers=[]), environ, timedelta(seconds=1))
    logger.exception("Error handling request %s", ADDRESS)
    for one in (logger.access_log, logger.error_log):
        for handler in list(one.handlers):
            one.removeHandler(handler)
            handler.close()
        one.filters.clear()
    for path in files.values():
        assert TOKEN not in path.read_text()
        assert "/api/booking/calendar/….ics" in path.read_text()
