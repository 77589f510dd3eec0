"""How many of everything, in one place.

RACE_CLIENTS is how many clients a race has: 50 by default, 200 or 500 on request (any number works). On PostgreSQL
only: SQLite has one writer at a time and is for a studio's first year. The load it is stated to carry is SQLITE_CLIENTS
at one instant, of whom two processes of eight threads each serve sixteen at a time; its races have that size always.
"""

import os

from django.db import connection

STATED = (50, 200, 500)
SQLITE_CLIENTS = 50
ON_POSTGRESQL = connection.vendor == "postgresql"
ASKED = os.environ.get("RACE_CLIENTS") or ""
CLIENTS = int(ASKED or STATED[0]) if ON_POSTGRESQL else SQLITE_CLIENTS
PROCESSES = 4 if ON_POSTGRESQL else 2
# The cheapest race of all is never smaller than this.
RUSH = max(CLIENTS, 200) if ON_POSTGRESQL else SQLITE_CLIENTS
SEATS = 10 if ON_POSTGRESQL else 5
# Where two sides race over one thing there is one client on each.
PAIRS = CLIENTS // 2
# How many duplicates one late payment is told by, at least; each has an id of its own.
DUPLICATES = max(20, CLIENTS)
# As many runs of a command as overlapping cron jobs on several machines would make.
RUNS = 3 if ASKED else 2
