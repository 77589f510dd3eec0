from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.cast import Sandbox
from tests.races.server import Server
from tests.security.canaries import INSTALLED, environment
from tests.security.front import Front


@pytest.fixture(scope="session")
def production_process(django_db_setup: None, sandbox_process: str, tmp_path_factory: Any) -> Iterator[Server]:
    """Two processes of gunicorn under the settings of production, which will have nothing but PostgreSQL."""
    if connection.vendor != "postgresql":
        pytest.skip("production needs PostgreSQL: make test runs this there")
    log: Path = tmp_path_factory.mktemp("production") / "log"
    more = environment(sandbox_process)
    server = Server("tests.security.served", sandbox=sandbox_process, log=log, processes=2, **more)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()


@pytest.fixture
def production(production_process: Server, sandbox: Sandbox, settings: Any) -> Server:
    """The server, and the sandbox as it knows it."""
    settings.STRIPE_SECRET_KEY = INSTALLED["STRIPE_SECRET_KEY"]
    settings.STRIPE_WEBHOOK_SECRETS = INSTALLED["STRIPE_WEBHOOK_SECRET"].split(",")
    settings.SECRET_KEY = INSTALLED["SECRET_KEY"]
    production_process.logged()
    return production_process


@pytest.fixture
def front(production: Server) -> Front:
    """What a proxy in front of it sends on."""
    return Front(production.base)


@pytest.fixture
def real_hash(cheap_passwords: None, settings: Any) -> None:
    """For whoever signs in at the server, which knows no cheap hash."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
