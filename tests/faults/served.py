"""The program as `config.wsgi` serves it, loaded to the last module before its processes are forked.

So that a killed process is replaced within milliseconds. Each new one writes its id where PROCESS_ID_FILE says.
"""

import gc
import os
from pathlib import Path

import psycopg_pool
import stripe

from config.wsgi import application

# isort: split
# What needs Django to be set up, which the line above does.
from django.core.management import get_commands, load_command_class

import config.urls
from notifications import twilio_client
from payments import stripe_client

__all__ = ["application", "loaded"]

# What the program and the SDKs load only once it is asked for.
loaded = (
    config.urls,
    psycopg_pool.ConnectionPool,
    (stripe.PaymentIntent, stripe.Refund, stripe.Charge, stripe.Dispute, stripe.Event, stripe.ListObject),
    (stripe_client._client().v1.payment_intents, stripe_client._client().v1.refunds),
    twilio_client._client().messages,
    *(
        load_command_class(app, name)
        for name, app in get_commands().items()
        if app in ("booking", "payments", "notifications")
    ),
)


def tell_who_i_am() -> None:
    told = Path(os.environ["PROCESS_ID_FILE"])
    draft = told.with_suffix(f".{os.getpid()}")
    draft.write_text(str(os.getpid()))
    draft.rename(told)  # whole, or not at all


os.register_at_fork(after_in_child=tell_who_i_am)
gc.collect()
gc.freeze()
