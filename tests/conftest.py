import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.cache import caches
from django.db import connection, transaction
from django.test import Client

import config.urls  # noqa: F401 - DRF's throttles must be imported before any clock is frozen
from members.models import Member
from notifications import delivery
from payments import intents, refunds
from sandbox import environment
from tests.cast import Caller, Sandbox, seats_match
from tests.chromium import browser  # noqa: F401 - one for all folders: a thread has one Playwright at a time
from tests.contract import watch
from tests.laws import broken
from tests.openapi import watch as openapi_watch

ROOT = Path(__file__).parent.parent
(ROOT / ".run").mkdir(exist_ok=True)
# Ignored where a script has started the tests in the background, and so by every program that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[str]:
    """One sandbox process for all tests of this worker, on a port of its own."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--retry-scale", "0.01"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        base = process.stdout.readline().split()[-1]
        assert base.startswith("http://127.0.0.1:"), base
        yield base
        process.terminate()
        process.wait(10)


@pytest.fixture
def sandbox(sandbox_process: str, settings: Any) -> Sandbox:
    """An empty Stripe and Twilio, and the program set up to use them."""
    sandbox = Sandbox(sandbox_process)
    sandbox.reset()
    sandbox.control("POST", "configure", twilio_callbacks=False, webhook_url=None)
    variables = environment.variables(sandbox_process)
    settings.STRIPE_API_BASE = settings.TWILIO_API_BASE = sandbox_process
    settings.STRIPE_SECRET_KEY = variables["STRIPE_SECRET_KEY"]
    settings.STRIPE_PUBLISHABLE_KEY = variables["STRIPE_PUBLISHABLE_KEY"]
    settings.STRIPE_WEBHOOK_SECRETS = [variables["STRIPE_WEBHOOK_SECRET"]]
    settings.PAYMENTS_ENABLED = settings.MESSAGING_ENABLED = True
    settings.TWILIO_ACCOUNT_SID = variables["TWILIO_ACCOUNT_SID"]
    settings.TWILIO_AUTH_TOKEN = variables["TWILIO_AUTH_TOKEN"]
    settings.TWILIO_WHATSAPP_FROM = variables["TWILIO_WHATSAPP_FROM"]
    settings.TWILIO_CONTENT_SIDS = dict(pair.split("=") for pair in variables["TWILIO_CONTENT_SIDS"].split(","))
    return sandbox


@pytest.fixture
def contract(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the program asks of Stripe and Twilio in a test is what their SDKs declare; lists what is not."""
    broken: list[str] = []
    watch.install(broken.append, monkeypatch.setattr)
    yield broken
    assert broken == []


@pytest.fixture
def transactional_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Real commits, and empty tables afterwards, like pytest-django's own.

    But only of what has rows, and what migrations write stays: to make that anew was most of the time of most tests.
    """
    with django_db_blocker.unblock():
        yield
        kept = {one._meta.db_table for one in (ContentType, Permission, Group, Group.permissions.through)}
        tables = set(connection.introspection.django_table_names(include_views=False)) - kept
        filled = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in sorted(tables))
        with transaction.atomic(), connection.cursor() as cursor:  # foreign keys are checked when it ends
            cursor.execute(filled)
            for (name,) in cursor.fetchall():
                cursor.execute(f"DELETE FROM {name}")


@pytest.fixture(autouse=True)
def documented(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the program answers in a test is what its OpenAPI document says; lists what is not."""
    broken: list[str] = []
    openapi_watch.install(broken.append, monkeypatch.setattr)
    yield broken
    assert broken == []


@pytest.fixture(autouse=True)
def database(transactional_db: None, contract: list[str]) -> Iterator[None]:
    """Real commits in every test: nothing here runs inside a transaction that the program did not open."""
    for cache in caches.all():
        cache.clear()
    yield
    for lane in (delivery.lane, intents.lane, refunds.lane, delivery.lane):
        assert lane.wait(20)


@pytest.fixture
def laws() -> Iterator[None]:
    """After the test, and what it has left to the background, every law holds."""
    yield
    for lane in (intents.lane, refunds.lane):
        assert lane.wait(20)
    assert broken() == {}
    assert seats_match()


@pytest.fixture(autouse=True)
def network_outside_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every HTTP call of either SDK, in every test, happens while no transaction is open."""
    send = requests.adapters.HTTPAdapter.send

    def watched(*args: Any, **kwargs: Any) -> Any:
        assert not connection.in_atomic_block, "a network call inside a transaction"
        return send(*args, **kwargs)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", watched)


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def ana() -> Member:
    return Member.objects.create_user(
        "ana@example.com", "ana-and-the-wall", name="Ana", phone="+447700900123", whatsapp_opt_in=True
    )


@pytest.fixture
def ben() -> Member:
    return Member.objects.create_user("ben@example.com", "ben-and-the-wall", name="Ben", phone="+447700900124")


@pytest.fixture
def carla() -> Member:
    return Member.objects.create_user("carla@example.com", "carla-at-the-desk", name="Carla", is_staff=True)


@pytest.fixture
def as_ana(ana: Member) -> Caller:
    return Caller(ana)


@pytest.fixture
def as_ben(ben: Member) -> Caller:
    return Caller(ben)


@pytest.fixture
def as_carla(carla: Member) -> Caller:
    return Caller(carla)


@pytest.fixture
def anyone() -> Caller:
    return Caller()


@pytest.fixture
def boss(carla: Member) -> Member:
    """Carla, who may do everything."""
    carla.is_superuser = True
    carla.save()
    return carla


@pytest.fixture
def desk(boss: Member) -> Client:
    """Carla's browser, with every permission of the admin."""
    client = Client()
    client.force_login(boss)
    return client
