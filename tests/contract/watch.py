"""A watch on what the program hands to the two SDKs: every call is held against what the SDK itself declares."""

import functools
import inspect
import json
import re
import sys
import typing
from collections.abc import Callable
from typing import Any

import stripe
from stripe._api_requestor import _APIRequestor
from stripe._stripe_service import StripeService
from twilio.base.values import unset
from twilio.rest.api.v2010.account.message import MessageList

from tests.contract import parameters

Report = Callable[[str], None]
Put = Callable[[Any, str, Any], None]
Declared = dict[tuple[str, str], tuple[str, "type | None"]]


class Undeclared:
    """Stands for the parameters of a request that no service of the SDK has made."""


WHATSAPP = re.compile(r"^whatsapp:\+[1-9]\d{6,14}$")
TEMPLATE = re.compile(r"^HX[0-9a-f]{32}$")


def install(report: Report, put: Put = setattr) -> None:
    """Report every call that the SDKs' own declarations do not allow; the calls themselves go through unchanged.

    The doors are the SDKs': a method of a Stripe service passes `StripeService._request`; that, and each further page
    of a list, passes `_APIRequestor.request`; a message passes `MessageList`.
    """
    declared: Declared = {}
    _watch_services(put, declared)
    _watch_requests(report, put, declared)
    _watch_messages(report, put)


def _watch_services(put: Put, declared: Declared) -> None:
    """Write down which method asks for which address, and what parameters it declares."""
    send = StripeService._request

    def watched(self: Any, method: str, url: str, *rest: Any, **more: Any) -> Any:
        act = getattr(type(self), sys._getframe(1).f_code.co_name)
        declared[method, url] = (f"{type(self).__name__}.{act.__name__}", parameters.declared(act))
        return send(self, method, url, *rest, **more)

    put(StripeService, "_request", watched)


def _watch_requests(report: Report, put: Put, declared: Declared) -> None:
    """Hold each request, the pages of a list among them, against what its method declares."""
    send = _APIRequestor.request

    def watched(self: Any, method: str, url: str, params: Any = None, options: Any = None, **more: Any) -> Any:
        where, kind = declared.get((method, url), (f"{method.upper()} {url}", Undeclared))
        for problem in request_problems(kind, params, options, where):
            report(problem)
        return send(self, method, url, params, options, **more)

    put(_APIRequestor, "request", watched)


def request_problems(kind: type | None, params: Any, options: Any, where: str) -> list[str]:
    """What the SDK's types do not allow in the parameters and the options of one request."""
    if kind is Undeclared:
        return [f"{where}: asked past the SDK's services"]
    found = parameters.problems(stripe.RequestOptions, options, f"{where}: options")
    if kind is None:
        return [*found, *([f"{where}: takes no parameters"] if params else [])]
    return [*found, *parameters.problems(kind, params, where)]


def _watch_messages(report: Report, put: Put) -> None:
    for name in ("create", "list"):
        _watch_message(name, report, put)


def _watch_message(name: str, report: Report, put: Put) -> None:
    act = getattr(MessageList, name)

    @functools.wraps(act)
    def watched(self: Any, *given: Any, **named: Any) -> Any:
        for problem in message_problems(act, given, named):
            report(problem)
        return act(self, *given, **named)

    put(MessageList, name, watched)


def message_problems(act: Any, given: tuple[Any, ...], named: dict[str, Any]) -> list[str]:
    """What Twilio's SDK, and WhatsApp's templates, do not allow in a call of `MessageList`."""
    where = f"MessageList.{act.__name__}"
    signature = inspect.signature(act)
    try:
        asked = signature.bind(None, *given, **named).arguments
    except TypeError as error:
        return [f"{where}: {error}"]
    hints = typing.get_type_hints(act)
    asked.pop("self")
    found = [
        f"{where}: {each}: {value!r} is no {hints[each]}"
        for each, value in asked.items()
        if value is not unset and type(value) not in _members(hints[each])
    ]
    return found + (_template_problems(where, asked) if act.__name__ == "create" else [])


def _template_problems(where: str, asked: dict[str, Any]) -> list[str]:
    found = [
        f"{where}: {name}: not whatsapp: and a number" for name in ("to", "from_") if not _fits(WHATSAPP, asked, name)
    ]
    if not _fits(TEMPLATE, asked, "content_sid"):
        found.append(f"{where}: content_sid: no template")
    if "body" in asked or "media_url" in asked:
        found.append(f"{where}: a template comes without body and media")
    try:
        variables = json.loads(asked.get("content_variables", "{}"))
    except (TypeError, ValueError):
        variables = None
    texts = isinstance(variables, dict) and all(isinstance(text, str) and text for text in variables.values())
    if not texts or list(variables) != [str(number + 1) for number in range(len(variables))]:
        found.append(f"{where}: content_variables: not a JSON object of texts by number")
    return found


def _fits(pattern: re.Pattern[str], asked: dict[str, Any], name: str) -> bool:
    return isinstance(asked.get(name), str) and pattern.match(asked[name]) is not None


def _members(annotation: Any) -> list[Any]:
    if typing.get_origin(annotation) is not typing.Union:
        return [annotation]
    return [each for each in typing.get_args(annotation) if each is not object]
