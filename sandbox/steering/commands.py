"""Every command that steers a running sandbox, as a table: what it asks, and what it can be told."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.faults import kinds, written

Told = dict[str, Any]
Argument = tuple[str, dict[str, Any]]

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Command:
    """One command: `path` takes its names from the arguments; the rest is the body, or the query of a GET."""

    name: str
    does: str
    method: str
    path: str
    arguments: tuple[Argument, ...] = ()
    fixed: tuple[tuple[str, Any], ...] = ()
    examples: tuple[str, ...] = ()
    expected: int | None = None  # a refusal that is what was wanted
    method_with: tuple[str, str] | None = None  # an argument, and the method it asks for
    translate: Callable[[Told], Told] | None = None  # from the arguments to what is told; ValueError says what is wrong


def _duration(said: str) -> float | str:
    if said == argparse.SUPPRESS:  # argparse reads the default of a word that may be left out, too
        return argparse.SUPPRESS
    match = re.fullmatch(r"([+-]?)(\d+(?:\.\d+)?)([smhd]?)", said)
    if match is None:
        raise argparse.ArgumentTypeError("a duration like +31m, +24h, +90s or -1d is wanted")
    return (-1 if match[1] == "-" else 1) * float(match[2]) * _UNITS[match[3]]


def _switch(said: str) -> bool:
    if said not in ("on", "off"):
        raise argparse.ArgumentTypeError("on or off is wanted")
    return said == "on"


def _address(said: str) -> str | None:
    if said != "none" and not said.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError("none, or what begins with http:// or https://, is wanted")
    return None if said == "none" else said


def _fault(told: Told) -> Told:
    kind = told.pop("fault")
    return written.script(kind, told)


def _positional(name: str, metavar: str, what: str, **more: Any) -> Argument:
    return name, {"metavar": metavar, "help": what, **more}


_INTENT = _positional("id", "PI", "the payment intent, pi_…")
_FAIL: Argument = ("--fail", {"dest": "ok", "action": "store_const", "const": False, "help": "it ends badly"})
_LAST: Argument = ("--last", {"metavar": "N", "type": int, "default": 50, "help": "the last so many (default: 50)"})
_AMOUNT: Argument = ("--amount", {"metavar": "N", "type": int, "help": "in minor units; all of it by default"})
_HAND = "/_sandbox"
_ACT = f"{_HAND}/payment_intents/{{id}}"

COMMANDS = (
    Command(
        "pay", "The payer pays with a test card.", "POST", f"{_ACT}/confirm",
        (_INTENT, _positional(
            "payment_method", "CARD", "a pm_card_… token or a test card's number (default: %(default)s)",
            nargs="?", default="pm_card_visa",
        )),
        examples=("pay pi_3Abc", "pay pi_3Abc pm_card_authenticationRequired", "pay pi_3Abc 4000000000009995"),
    ),
    Command(
        "decline", "The payer tries a card that is declined.", "POST", f"{_ACT}/confirm", (_INTENT,),
        (("payment_method", "pm_card_chargeDeclined"),), ("decline pi_3Abc",), expected=402,
    ),
    Command(
        "authenticate", "The payer answers the issuer's question.", "POST", f"{_ACT}/authenticate",
        (_INTENT, _FAIL), examples=("authenticate pi_3Abc", "authenticate pi_3Abc --fail"),
    ),
    Command(
        "settle", "The bank ends a payment that is processing.", "POST", f"{_ACT}/settle",
        (_INTENT, _FAIL), examples=("settle pi_3Abc", "settle pi_3Abc --fail"),
    ),
    Command(
        "cancel", "Someone cancels the intent in the dashboard.", "POST", f"{_ACT}/cancel",
        (_INTENT,), examples=("cancel pi_3Abc",),
    ),
    Command(
        "refund", "Someone refunds the payment in the dashboard.", "POST", f"{_ACT}/refund",
        (_INTENT, _AMOUNT), examples=("refund pi_3Abc", "refund pi_3Abc --amount 500"),
    ),
    Command(
        "refund-fails", "The bank sends a refund back.", "POST", f"{_HAND}/refunds/{{id}}/fail",
        (_positional("id", "RE", "the refund, re_…"),), examples=("refund-fails re_3Abc",),
    ),
    Command(
        "dispute", "The payer's bank disputes the payment.", "POST", f"{_ACT}/dispute",
        (_INTENT, _AMOUNT, ("--reason", {"help": "as Stripe names it (default: fraudulent)"})),
        examples=("dispute pi_3Abc", "dispute pi_3Abc --reason product_not_received"),
    ),
    Command(
        "fault", "Script a fault: something goes wrong with what matches.", "POST", f"{_HAND}/faults",
        (
            _positional("fault", "KIND", f"one of {', '.join(kinds.KINDS)}"),
            *((f"--{name}", {"metavar": value, "help": what}) for name, (_, value, what) in written.FIELDS.items()),
        ),
        examples=(
            "fault status_after --path /v1/payment_intents$ --status 502 --stored no",
            "fault webhook_dropped --probability 0.2",
            "fault webhook_held --type payment_intent.succeeded",
            "fault hang_after --path Messages.json --seconds 20 --times 3",
        ),
        translate=_fault,
    ),
    Command(
        "faults", "Show the faults that are scripted, or clear them.", "GET", f"{_HAND}/faults",
        (("--clear", {"action": "store_const", "const": True, "help": "nothing goes wrong any more"}),),
        examples=("faults", "faults --clear"), method_with=("clear", "DELETE"),
    ),
    Command(
        "deliver", "Deliver an event once more, now, and tell what the receiver said.", "POST",
        f"{_HAND}/events/{{id}}/deliver",
        (
            _positional("id", "EVT", "the event, evt_…"),
            ("--as", {"metavar": "LOOK", "help": f"altered: {', '.join(kinds.ALTERED)}"}),
        ),
        examples=("deliver evt_3Abc", "deliver evt_3Abc --as forged"),
    ),
    Command(
        "release", "Let go of the deliveries that are held.", "POST", f"{_HAND}/webhooks/release",
        (("--shuffle", {"action": "store_const", "const": True, "help": "in another order"}),),
        examples=("release", "release --shuffle"),
    ),
    Command(
        "deliveries", "Show every try to deliver an event, newest last.", "GET", f"{_HAND}/deliveries",
        (("--event", {"metavar": "EVT", "help": "of one event"}), _LAST),
        examples=("deliveries", "deliveries --event evt_3Abc"),
    ),
    Command("intents", "Show payment intents, newest last.", "GET", f"{_HAND}/payment_intents", (_LAST,)),
    Command("events", "Show events, newest last.", "GET", f"{_HAND}/events", (_LAST,)),
    Command("messages", "Show WhatsApp messages, newest first.", "GET", f"{_HAND}/messages"),
    Command(
        "say", "A phone writes to the program on WhatsApp.", "POST", f"{_HAND}/messages/inbound",
        (
            _positional("from", "NUMBER", "the phone, as +447700900123"), _positional("body", "TEXT", "what it says"),
            ("--as", {"metavar": "LOOK", "help": "forged: signed by somebody else"}),
        ),
        examples=('say +447700900123 "YES"', "say +447700900123 STOP --as forged"),
    ),
    Command(
        "clock", "Show the sandbox's clock, or move it.", "GET", f"{_HAND}/clock",
        (_positional("advance", "DURATION", "+31m, +24h, +90s; back with `-- -5m`", nargs="?", type=_duration),),
        examples=("clock", "clock +31m", "clock -- -5m"), method_with=("advance", "POST"),
    ),
    Command(
        "journal", "Show the requests that came, newest last.", "GET", f"{_HAND}/requests",
        (
            ("--path", {"metavar": "REGEX", "help": "searched in the path"}),
            ("--method", {"help": "of the request"}),
            _LAST,
        ),
        examples=("journal", "journal --method POST --path /v1/payment_intents$ --json"),
    ),
    Command("reset", "Forget everything but the configuration.", "POST", f"{_HAND}/reset"),
    Command(
        "configure", "Change where the sandbox calls and how; shows the result.", "POST", f"{_HAND}/configure",
        (
            ("--webhook-url", {"metavar": "URL", "type": _address, "help": "where events go; none for nowhere"}),
            ("--webhook-secret", {
                "metavar": "SECRET", "dest": "webhook_secrets", "action": "append",
                "help": "signs them; several while one is rolled",
            }),
            ("--webhook-event", {
                "metavar": "TYPE", "dest": "webhook_events", "action": "append",
                "help": "which events go there; * for all",
            }),
            ("--inbound-url", {"metavar": "URL", "type": _address, "help": "where a phone's messages go; or none"}),
            ("--seed", {"metavar": "N", "type": int, "help": "of chance"}),
            ("--rate-limits", {"metavar": "on|off", "type": _switch, "help": "Stripe's, 25 a second an endpoint"}),
            ("--twilio-callbacks", {"metavar": "on|off", "type": _switch, "help": "whether Twilio tells statuses"}),
        ),
        examples=(
            "configure --webhook-url http://localhost:9000/api/booking/stripe/webhook/",
            "configure --webhook-secret whsec_old --webhook-secret whsec_new",
            "configure --seed 7 --rate-limits on",
        ),
    ),
)  # fmt: skip

BY_NAME = {command.name: command for command in COMMANDS}
