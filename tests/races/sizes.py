"""How many of everything: SQLite has one writer at a time, so its races are smaller. RACE_CLIENTS scales the rush."""

import os

from django.db import connection

ON_POSTGRESQL = connection.vendor == "postgresql"
PROCESSES = 4 if ON_POSTGRESQL else 2
CLIENTS = int(os.environ.get("RACE_CLIENTS") or (200 if ON_POSTGRESQL else 20))
PAYERS = 60 if ON_POSTGRESQL else 20
SEATS = 10 if ON_POSTGRESQL else 5
