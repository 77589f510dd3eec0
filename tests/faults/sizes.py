"""How much is tried: FAULTS=all takes the slow flows and every fault at every statement, and writes the record."""

import os

ALL = os.environ.get("FAULTS") == "all"
COMMAND = "FAULTS=all python -m tests.postgresql pytest tests/faults"
