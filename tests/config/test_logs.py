"""What opens something to whoever reads it stands in no log."""

import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.test import RequestFactory

from config import logs
from tests.cast import Caller
from tests.config.test_environment import start
from tests.production import VALUES

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


def record(message: str, *args: object, **more: object) -> logging.LogRecord:
    made = logging.LogRecord("django.request", logging.ERROR, __file__, 1, message, args, None)
    made.__dict__.update({"correlation_id": "1", **more})
    return made


def test_a_line_of_json_has_its_moment_its_request_and_nothing_of_an_address_behind_the_path() -> None:
    asked = RequestFactory().get(f"{ADDRESS}?q=ana@example.com")
    line = logs.formatter(as_json=True).format(record("Internal Server Error: %s", ADDRESS, request=asked, more="x"))
    assert TOKEN not in line
    read = json.loads(line)
    moment = datetime.fromisoformat(read.pop("timestamp"))
    assert moment.utcoffset() == timedelta()
    assert read == {
        "level": "ERROR",
        "logger": "django.request",
        "request_id": "1",
        "message": "Internal Server Error: /api/booking/calendar/….ics",
        "more": "x",
    }


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("to whatsapp:+447700900123.", "to whatsapp:+44…23."),
        ("DETAIL: (phone)=(+15005550009)", "DETAIL: (phone)=(+15…09)"),
        ("/admin/?q=%2B447700900123", "/admin/?q=%2B44…23"),
        ("pi_3Qx_secret_abc9", "pi_3Qx_secret_…"),
        ("sk_live_51Habc rk_test_9 whsec_abc_1", "sk_live_… rk_test_… whsec_…"),
        ("2026-11-27T09:00:00+0000 took +12345", "2026-11-27T09:00:00+0000 took +12345"),
    ],
)
def test_secrets_and_numbers_are_masked_in_messages_and_tracebacks(as_json: bool, said: str, shown: str) -> None:
    try:
        raise ValueError(said)
    except ValueError as error:
        traceback = (ValueError, error, error.__traceback__)
    made = record("%s", said)
    made.exc_info = traceback
    line = logs.formatter(as_json=as_json).format(made)
    assert line.count(shown) == 2, line
    assert said == shown or said not in line


def test_what_the_environment_keeps_secret_is_masked_whatever_it_looks_like() -> None:
    ask = """
from config import settings, logs
for name in ("SECRET_KEY", "TWILIO_AUTH_TOKEN", "EMAIL_HOST_PASSWORD"):
    print(logs.masked(f"a {getattr(settings, name)} b"))
print(logs.masked(f"{settings.STRIPE_WEBHOOK_SECRETS} {settings.DATABASE_URL}"))
print(logs.formatter(as_json=True).format(__import__("logging").makeLogRecord({"msg": "pass\\"word"})))
"""
    secrets = {
        "TWILIO_AUTH_TOKEN": "0123456789abcdef",
        "EMAIL_HOST_PASSWORD": 'pass"word',
        "STRIPE_WEBHOOK_SECRET": "first-of-two,second-of-two",
        "DATABASE_URL": "postgresql://holdfast:s3cret%21pw@db/holdfast",
    }
    shown = start(ask, **{**VALUES, **secrets}).stdout.splitlines()
    assert shown[:4] == ["a … b"] * 3 + ["['…', '…'] postgresql://holdfast:…@db/holdfast"]
    assert json.loads(shown[4])["message"] == "…"


def write(tmp_path: Path, **settings: str) -> dict[str, str]:
    """What gunicorn writes of one request for a calendar, and of an error."""
    ask = f"""
from datetime import timedelta
from types import SimpleNamespace
from gunicorn.config import Config
from config.access_log import AccessLogger
config = Config()
config.set("accesslog", {str(tmp_path / "access")!r})
config.set("errorlog", {str(tmp_path / "error")!r})
logger = AccessLogger(config)
answer = SimpleNamespace(status="200 OK", sent=12, headers=[("X-Request-ID", "abc")])
environ = {{"REQUEST_METHOD": "GET", "RAW_URI": {ADDRESS + "?q=ana@example.com"!r}, "SERVER_PROTOCOL": "HTTP/1.1"}}
logger.access(answer, SimpleNamespace(headers=[]), environ, timedelta(seconds=1))
logger.error("Error handling request %s", {ADDRESS!r})
"""
    ended = start(ask, **settings)
    assert ended.returncode == 0, ended.stderr
    return {name: (tmp_path / name).read_text() for name in ("access", "error")}


def test_gunicorn_writes_its_lines_as_the_program_does(tmp_path: Path) -> None:
    """Its log of requests is off in development unless somebody asks for it."""
    written = write(tmp_path)
    path = "/api/booking/calendar/….ics"
    assert written["access"] == f"INFO gunicorn.access [abc] GET {path} 200 1000 ms\n"
    assert written["error"] == f"ERROR gunicorn.error [None] Error handling request {path}\n"


def test_in_production_each_request_is_a_line_of_json_with_its_id(tmp_path: Path) -> None:
    written = write(tmp_path, **VALUES)
    access, error = json.loads(written["access"]), json.loads(written["error"])
    path = "/api/booking/calendar/….ics"
    numbers = {"status": 200, "bytes": 12, "milliseconds": 1000}
    assert {"request_id": "abc", "method": "GET", "path": path, **numbers}.items() <= access.items()
    assert (error["level"], error["message"]) == ("ERROR", f"Error handling request {path}")
