"""The second database: a standby that is read from and never written to."""

from typing import Any
from urllib.parse import urlsplit

import dj_database_url

from boundary.replica import REPLICA
from config.environment import Environment
from config.timeouts import Timeouts

NAME = "DATABASE_REPLICA_URL"


def databases(env: Environment, *, primary: dict[str, Any], timeouts: Timeouts) -> dict[str, dict[str, Any]]:
    """The entry of DATABASES that DATABASE_REPLICA_URL asks for; none when it is empty."""
    url = env.text(NAME)
    if not url:
        return {}
    if urlsplit(url).scheme not in ("postgres", "postgresql"):
        env.refuse(NAME, "is not postgresql://…")
        return {}
    if not primary.get("ENGINE", "").endswith("postgresql"):
        env.refuse(NAME, "is set beside a DATABASE_URL that is not PostgreSQL; empty it")
        return {}
    options = {
        "connect_timeout": timeouts.replica_connect,
        "tcp_user_timeout": timeouts.replica_silence * 1000,
        "options": "-c default_transaction_read_only=on",
    }
    # No pool: one that finds its server gone tries again and again in the background, and logs each time.
    database: dict[str, Any] = {**dj_database_url.parse(url), "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
    database |= {"OPTIONS": {**options, **database.get("OPTIONS", {})}, "TEST": {"MIRROR": "default"}}
    return {REPLICA: database}
