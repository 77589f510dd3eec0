"""What the environment may say, and what refuses to start, by name."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values

from config.timeouts import Timeouts
from sandbox import environment as sandbox
from tests.production import VALUES

ROOT = Path(__file__).parents[2]
ASK = """
from config import settings as s
print(s.DATABASES["default"]["ENGINE"], s.BIND, s.PAYMENTS_ENABLED, s.STRIPE_WEBHOOK_SECRETS, s.RATE_LIMITS)
"""


def start(ask: str = ASK, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Read the settings in a process of their own, with these variables and no others of the program's."""
    names = set(dotenv_values(ROOT / "dev.env")) | {"DJANGO_SETTINGS_MODULE"}
    clean = {name: value for name, value in os.environ.items() if name not in names}
    return subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, env=clean | variables, capture_output=True, text=True, check=False
    )


def refusal(**variables: str) -> str:
    ended = start(**variables)
    assert ended.returncode != 0, ended.stdout
    return ended.stderr.splitlines()[-1]


def test_development_works_as_it_stands() -> None:
    ended = start()
    assert ended.stdout.split() == ["django.db.backends.sqlite3", "127.0.0.1:8000", "False", "[]", "True"]


def test_a_variable_of_the_process_wins_and_an_empty_database_is_unset() -> None:
    ended = start(PORT="9001", DATABASE_URL="", STRIPE_WEBHOOK_SECRET="whsec_a, whsec_b", RATE_LIMITS="off")
    assert "sqlite3 127.0.0.1:9001 False ['whsec_a', 'whsec_b'] False" in ended.stdout
    assert "0.0.0.0:80" in start(BIND="0.0.0.0:80").stdout
    assert "postgresql" in start(DATABASE_URL="postgres://u@h/d").stdout


def test_a_replica_is_of_postgresql_and_nothing_is_written_to_it() -> None:
    ask = "from config import settings as s; print(list(s.DATABASES), s.DATABASES.get('replica', {}).get('OPTIONS'))"
    replica = {"DATABASE_REPLICA_URL": "postgresql://u@copy/d"}
    assert start(ask).stdout == "['default'] None\n"
    asked = start(ask, DATABASE_URL="postgresql://u@h/d", **replica).stdout
    assert "['default', 'replica']" in asked
    assert f"'connect_timeout': {Timeouts(stripe_read=8).replica_connect}" in asked
    assert "default_transaction_read_only=on" in asked
    assert "DATABASE_REPLICA_URL:" in refusal(DATABASE_URL="sqlite:///db.sqlite3", **replica)


def test_an_address_of_several_hosts_reaches_the_driver_as_it_stands() -> None:
    ask = "from config import settings as s; print(s.DATABASES['default']['HOST'], s.DATABASES['default']['OPTIONS'])"
    url = "postgresql://u@/d?host=one,two&port=5432,5433&target_session_attrs=read-write&tcp_user_timeout=5000"
    told = start(ask, DATABASE_URL=url).stdout
    for option in (
        "'host': 'one,two'",
        "'port': '5432,5433'",
        "'target_session_attrs': 'read-write'",
        "'tcp_user_timeout': 5000",
    ):
        assert option in told


def test_all_three_stripe_keys_make_payments_configured() -> None:
    keys = {"STRIPE_SECRET_KEY": "sk_test_x", "STRIPE_PUBLISHABLE_KEY": "pk_test_x", "STRIPE_WEBHOOK_SECRET": "whsec_x"}
    assert " True [" in start(**keys).stdout
    for name in keys:
        assert " False [" in start(**{**keys, name: ""}).stdout


def test_a_production_with_everything_set_starts() -> None:
    ended = start(**VALUES)
    assert ended.returncode == 0, ended.stderr


UNSAFE: list[tuple[str, dict[str, str]]] = [
    ("DEBUG", {"DEBUG": "on"}),
    ("SECRET_KEY", {"SECRET_KEY": ""}),
    ("SECRET_KEY", {"SECRET_KEY": str(dotenv_values(ROOT / "dev.env")["SECRET_KEY"])}),
    ("ALLOWED_HOSTS", {"ALLOWED_HOSTS": ""}),
    ("DATABASE_URL", {"DATABASE_URL": "sqlite:///db.sqlite3"}),
    ("DATABASE_URL", {"DATABASE_URL": ""}),
    ("DATABASE_URL", {"DATABASE_URL": "mysql://u@h/d"}),
    ("DATABASE_REPLICA_URL", {"DATABASE_REPLICA_URL": "sqlite:///copy.sqlite3"}),
    ("STRIPE_WEBHOOK_SECRET", {"STRIPE_WEBHOOK_SECRET": ""}),
    ("STRIPE_API_BASE", {"STRIPE_SECRET_KEY": "sk_live_x", "STRIPE_PUBLISHABLE_KEY": "pk_live_x",
                         "STRIPE_API_BASE": "http://127.0.0.1:12111"}),
    ("STRIPE_JS_URL", {"STRIPE_SECRET_KEY": "sk_live_x", "STRIPE_JS_URL": "https://elsewhere.example/stripe.js"}),
    ("STRIPE_PUBLISHABLE_KEY", {"STRIPE_SECRET_KEY": "sk_live_x"}),
    ("STRIPE_API_BASE", {"STRIPE_API_BASE": "http://127.0.0.1:12111"}),
    ("STRIPE_API_BASE", {"STRIPE_API_BASE": "HTTP://LocalHost:12111/"}),
    ("STRIPE_API_BASE", {"STRIPE_API_BASE": "http://localhost."}),
    ("STRIPE_API_BASE", {"STRIPE_API_BASE": "http://user@127.8.9.1"}),
    ("STRIPE_API_BASE", {"STRIPE_API_BASE": "127.0.0.1:12111"}),
    ("STRIPE_API_BASE", {"STRIPE_API_BASE": "http://2130706433"}),
    ("STRIPE_JS_URL", {"STRIPE_JS_URL": "http://[::1]:12111/stripe.js"}),
    ("STRIPE_JS_URL", {"STRIPE_JS_URL": "//sandbox.localhost/stripe.js"}),
    ("TWILIO_API_BASE", {"TWILIO_API_BASE": "http://0.0.0.0:12111"}),
    ("TWILIO_API_BASE", {"TWILIO_API_BASE": "http://[::ffff:127.0.0.1]:12111"}),
    ("STRIPE_SECRET_KEY", {"STRIPE_SECRET_KEY": "sk_test_sandbox_not_a_secret"}),
    ("STRIPE_PUBLISHABLE_KEY", {"STRIPE_PUBLISHABLE_KEY": "pk_test_sandbox_not_a_secret"}),
    ("STRIPE_WEBHOOK_SECRET", {"STRIPE_WEBHOOK_SECRET": "whsec_mine,whsec_sandbox_not_a_secret"}),
    ("TWILIO_AUTH_TOKEN", {"TWILIO_AUTH_TOKEN": "sandbox_not_a_secret"}),
    ("RATE_LIMITS", {"RATE_LIMITS": "off"}),
    ("PAYMENT_FAILED_POLICY", {"PAYMENT_FAILED_POLICY": "maybe"}),
    ("LATE_PAYMENT_POLICY", {"LATE_PAYMENT_POLICY": "keep"}),
    ("STUDIO_TIME_ZONE", {"STUDIO_TIME_ZONE": "Mars/Olympus"}),
    ("STRIPE_CURRENCY", {"STRIPE_CURRENCY": "doubloon"}),
    ("BOOKING_HOLD_MINUTES", {"BOOKING_HOLD_MINUTES": "0"}),
    ("BOOKING_HOLD_MINUTES", {"BOOKING_HOLD_MINUTES": "-5"}),
    ("MAX_HOLDS_PER_MEMBER", {"MAX_HOLDS_PER_MEMBER": "three"}),
    ("TWILIO_CONTENT_SIDS", {"TWILIO_CONTENT_SIDS": "booking_paid"}),
    ("PUBLIC_BASE_URL", {"PUBLIC_BASE_URL": "studio"}),
    ("STAFF_SECOND_FACTOR", {"STAFF_SECOND_FACTOR": "maybe"}),
    ("DEBUG", {"DEBUG": "perhaps"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "change"), UNSAFE, ids=[f"{name}-{number}" for number, (name, _) in enumerate(UNSAFE)]
)
def test_what_is_unsafe_in_production_refuses_to_start_and_is_named(name: str, change: dict[str, str]) -> None:
    line = refusal(**{**VALUES, **change})
    assert line.startswith("django.core.exceptions.ImproperlyConfigured: ")
    assert f"{name}:" in line
    assert "sk_live_x" not in line


def test_production_asks_staff_for_a_second_factor_once_it_is_told_to() -> None:
    ask = "from config import settings as s; print(s.STAFF_SECOND_FACTOR)"
    assert [start(ask, **VALUES).stdout, start(ask).stdout] == ["off\n", "off\n"]
    assert start(ask, **VALUES, STAFF_SECOND_FACTOR="required").stdout == "required\n"


def test_production_refuses_the_whole_sandbox_and_names_each_variable() -> None:
    line = refusal(**{**VALUES, **sandbox.variables("http://127.0.0.1:12111")})
    for name in ("STRIPE_API_BASE", "STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET"):
        assert f"{name}:" in line
    for name in ("TWILIO_API_BASE", "TWILIO_AUTH_TOKEN"):
        assert f"{name}:" in line
    assert "not_a_secret" not in line


@pytest.mark.parametrize(
    "change",
    [
        {"STRIPE_API_BASE": "https://stripe-proxy.studio.example.com"},
        {"STRIPE_JS_URL": "https://js.stripe.com/v3/?from=localhost"},
        {"TWILIO_API_BASE": "https://10.0.0.5:8443"},
        {"TWILIO_API_BASE": "https://localhost.example.com/127.0.0.1"},
        {"DATABASE_URL": "postgresql://studio@127.0.0.1/studio", "EMAIL_HOST": "localhost"},
    ],
    ids=lambda change: " ".join(change.values()),
)
def test_production_takes_other_hosts_and_its_own_neighbours(change: dict[str, str]) -> None:
    ended = start(**{**VALUES, **change})
    assert ended.returncode == 0, ended.stderr


def test_development_takes_the_sandbox() -> None:
    assert " True [" in start(**sandbox.variables("http://127.0.0.1:12111")).stdout


def test_an_unknown_environment_refuses_to_start() -> None:
    assert "DJANGO_ENV" in refusal(DJANGO_ENV="staging")


def test_a_live_key_is_refused_in_development() -> None:
    assert "STRIPE_SECRET_KEY" in refusal(STRIPE_SECRET_KEY="sk_live_x")


def test_every_problem_is_named_at_once() -> None:
    line = refusal(DJANGO_ENV="prod")
    for name in ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL"):
        assert f"{name}:" in line


def test_both_files_name_every_variable_and_production_holds_no_secret() -> None:
    dev, prod = dotenv_values(ROOT / "dev.env"), dotenv_values(ROOT / "prod.env")
    assert list(dev) == list(prod)
    for name in prod:
        if any(word in name for word in ("SECRET", "TOKEN", "KEY", "SID", "PASSWORD", "DATABASE")):
            assert prod[name] == "", name


def test_sqlite_is_set_up_to_be_safe(settings: Any) -> None:
    from django.db import connection

    if connection.vendor != "sqlite":
        pool = settings.DATABASES["default"]["OPTIONS"]["pool"]
        assert pool["max_size"] == 8
        assert settings.DATABASES["default"]["CONN_HEALTH_CHECKS"] is True
        with connection.cursor() as cursor:
            assert cursor.execute("SHOW lock_timeout").fetchone()[0] == "5s"
        return
    with connection.cursor() as cursor:
        found = {}
        for name in ("journal_mode", "synchronous", "busy_timeout"):
            found[name] = cursor.execute(f"PRAGMA {name}").fetchone()[0]
    assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 20000}
    assert settings.DATABASES["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
