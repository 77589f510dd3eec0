"""The program as `config.wsgi` serves it, loaded to the last module before its processes are forked.

So that a killed process is replaced within milliseconds. Each new one writes its id where PROCESS_ID_FILE says.
"""

import os
from pathlib import Path

from config.wsgi import application

# isort: split
# What needs Django to be set up, which the line above does.
import config.urls  # noqa: F401
from django.core.management import get_commands, load_command_class
from notifications import twilio_client
from payments import stripe_client

__all__ = ["application", "clients"]

COMMANDS = ("expire_pending_bookings", "submit_refunds", "deliver_messages", "check_integrity")
commands = {name: load_command_class(get_commands()[name], name) for name in COMMANDS}
# What the SDKs load only once it is asked for.
clients = (stripe_client._client().v1.payment_intents, stripe_client._client().v1.refunds, twilio_client._client().messages)


def tell_who_i_am() -> None:
    told = Path(os.environ["PROCESS_ID_FILE"])
    draft = told.with_suffix(".draft")
    draft.write_text(str(os.getpid()))
    draft.rename(told)  # whole, or not at all


os.register_at_fork(after_in_child=tell_who_i_am)
