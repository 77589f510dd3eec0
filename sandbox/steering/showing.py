"""An answer of the sandbox for people: one line a thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]


def lines(answer: Any) -> Iterator[str]:
    """What to print of an answer."""
    if not isinstance(answer, dict):
        yield "done"
        return
    if answer.get("error"):
        # What was refused as it was meant to be: a card that is declined.
        error = answer["error"]
        answer = error.get("payment_intent", {}) if isinstance(error, dict) else answer
    for name, row in _LISTS.items():
        if isinstance(answer.get(name), list):
            yield from (row(thing) for thing in answer[name]) if answer[name] else ("none",)
            return
    row = _OBJECTS.get(answer.get("object", "fault" if "fault" in answer else ""), _pairs)
    yield row(answer)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _money(thing: Json) -> str:
    return f"{thing['amount']} {thing['currency']}"


def _pairs(thing: Json) -> str:
    return "  ".join(f"{name}={value}" for name, value in _flat(thing) if value is not None and value != "")


def _flat(thing: Json, within: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in thing.items():
        full = f"{within}[{name}]" if within else str(name)
        if isinstance(value, dict):
            yield from _flat(value, full)
        else:
            yield full, value


def _columns(*parts: Any) -> str:
    return "  ".join(str(part) for part in parts if part not in (None, "", {})).rstrip()


def _intent(intent: Json) -> str:
    error = intent.get("last_payment_error") or {}
    why = error.get("decline_code") or error.get("code")
    status = f"{intent['status']:<23}" + (f" ({why})" if why else "")
    return _columns(_moment(intent["created"]), intent["id"], status, _money(intent), _pairs(intent["metadata"]))


def _refund(refund: Json) -> str:
    return _columns(refund["id"], refund["status"], _money(refund), refund.get("failure_reason"))


def _dispute(dispute: Json) -> str:
    return _columns(dispute["id"], dispute["status"], _money(dispute), dispute["reason"])


def _event(event: Json) -> str:
    undelivered = "undelivered" if event["pending_webhooks"] else None
    return _columns(
        _moment(event["created"]), event["id"], f"{event['type']:<31}", event["data"]["object"]["id"], undelivered
    )


def _delivery(attempt: Json) -> str:
    look = None if attempt["as"] == "itself" else f"as {attempt['as']}"
    return _columns(
        _moment(attempt["at"]), attempt["event"], f"{attempt['type']:<31}", f"try {attempt['attempt']}",
        f"{attempt['state']:<9}", attempt["status"] or attempt["error"], look,
    )  # fmt: skip


def _message(message: Json) -> str:
    code = f"({message['error_code']})" if message.get("error_code") else None
    who = f"{message['from'] or '?'} > {message['to']}".replace("whatsapp:", "")
    return _columns(message["sid"], who, message["status"], code, message["body"])


def _request(entry: Json) -> str:
    fault = f"fault {entry['fault']}" if entry["fault"] else None
    status = entry["status"] or "---"
    replayed = "replayed" if entry["replayed"] else None
    given = _pairs(entry["parameters"])
    return _columns(_moment(entry["at"]), status, entry["method"], entry["path"], replayed, fault, given)


# What a fault says when its script said nothing, which is not worth a word.
_USUAL = {
    "method": None, "path": "", "type": "*", "after": 0, "probability": 1, "status": 500, "seconds": 30, "copies": 2,
    "extra": False, "lock": False, "stored": True,
}  # fmt: skip


def _fault(fault: Json) -> str:
    told = {name: value for name, value in fault.items() if name in _USUAL and value != _USUAL[name]}
    times = "forever" if fault["times"] is None else f"{fault['times']} more"
    return _columns(f"{fault['fault']:<21}", f"{times:<7}", _pairs(told))


_LISTS: dict[str, Callable[[Any], str]] = {
    "requests": _request, "deliveries": _delivery, "messages": _message, "faults": _fault,
    "payment_intents": _intent, "events": lambda thing: thing if isinstance(thing, str) else _event(thing),
}  # fmt: skip
_OBJECTS: dict[str, Callable[[Json], str]] = {
    "payment_intent": _intent, "refund": _refund, "dispute": _dispute, "fault": _fault,
}  # fmt: skip
