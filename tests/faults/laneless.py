"""The program as `config.wsgi` serves it, with lanes that take nothing: their commands do what follows a commit.

So that nothing of one request is left under way when the next one begins.
"""

from tests.faults.served import application

# isort: split
# What needs Django to be set up, which the line above does.
from boundary.after_commit import Lane
from notifications import delivery
from payments import intents

__all__ = ["application"]

delivery.lane = Lane("messages", workers=1, waiting=0)
intents.lane = Lane("voids", workers=1, waiting=0)
