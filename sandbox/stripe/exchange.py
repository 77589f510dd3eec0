"""One request to the Stripe API, from its key to its answer: faults, idempotency and the headers of every answer."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox import callers
from sandbox.faults import spoiling
from sandbox.faults.script import Fault
from sandbox.ids import mint
from sandbox.journal import Entry
from sandbox.replies import Reply
from sandbox.state import SANDBOX
from sandbox.stripe import errors, expansion, fields, forms, late_success, versions
from sandbox.stripe.events import API_VERSION
from sandbox.stripe.operations import Call, Operation

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, Stripe-Version",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Expose-Headers": "Request-Id, Stripe-Version, Idempotent-Replayed",
}

logger = logging.getLogger(__name__)


def serve(operation: Operation, *, name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The request handler of an operation, by whose name its requests are counted."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await Exchange(request, operation, name).answer()

    return handle


async def preflight(request: web.Request) -> web.Response:
    """Tell a browser that a page of any origin may ask."""
    return web.Response(status=204, headers=CORS)


class Exchange:
    """One request and its answer."""

    def __init__(self, request: web.Request, operation: Operation, name: str) -> None:
        self.request = request
        self.operation = operation
        self.name = name
        self.sandbox = request.app[SANDBOX]
        self.version = request.headers.get("Stripe-Version")
        self.struck = self.sandbox.faults.take(request.method, request.path)
        self.entry = Entry(
            at=self.sandbox.now(),
            method=request.method,
            path=request.path,
            request_id=mint("req_", 14),
            idempotency_key=request.headers.get("Idempotency-Key"),
            fault=self.struck.kind,
        )
        self.sandbox.journal.add(self.entry)
        self.caller = callers.Caller("")
        self.encoded = ""

    async def answer(self) -> web.StreamResponse:
        """The answer, spoilt by the fault that strikes it, if any."""
        body = await self.request.read()
        posted = self.request.method == "POST"
        self.encoded = body.decode(errors="replace") if posted else self.request.query_string
        self.entry.note(forms.readable(self.encoded))
        return await spoiling.answered(
            self.request, self.struck, reply=self._reply, refusal=_scripted, respond=self._respond
        )

    def _respond(self, reply: Reply) -> web.Response:
        self.entry.status = reply.status
        return reply.response(self._headers())

    async def _reply(self) -> Reply:
        truth = await self._truth()
        if self.struck.kind == "event_first":
            await self.sandbox.deliveries.first_tried(self.entry.request_id)
        return truth

    async def _truth(self) -> Reply:
        try:
            self.caller = callers.identify(self.request.headers.get("Authorization"))
            if self.caller.publishable and not self.operation.publishable:
                raise errors.unauthorized(
                    "This call cannot be made with a publishable key: use a secret key.", code="secret_key_required"
                )
            if self.sandbox.targets.rate_limits:
                self.sandbox.rates.take(self.name)
            versions.check(self.version)
            if self.request.method == "POST" and self.entry.idempotency_key:
                return await self._reply_once(self.entry.idempotency_key)
        except errors.StripeError as error:
            return self._refusal(error)
        await self._before_effect()
        truth, _ = self._execute()
        return self._overruled(truth)

    async def _before_effect(self) -> None:
        await spoiling.pause(self.struck, "hang_before")
        if self.struck.kind == "paid_first":
            late_success.pay(self.sandbox, self.request.match_info.get("id", ""))

    async def _reply_once(self, key: str) -> Reply:
        keys, account = self.sandbox.keys, self.caller.key
        fingerprint = hashlib.sha256(f"{self.request.path}?{self.encoded}".encode()).hexdigest()
        stored = keys.claim(account, key, fingerprint, now=self.sandbox.now())
        if stored is not None:
            self.entry.replayed = True
            return self._overruled(stored)
        executed = False
        try:
            await self._before_effect()
            truth, executed = self._execute()
            sent = self._overruled(truth)
            if executed:
                fault = self.struck.fault
                keys.keep(account, key, sent if fault is not None and fault.stored else truth)
            return sent
        finally:
            if not executed:
                keys.forget(account, key)

    def _execute(self) -> tuple[Reply, bool]:
        try:
            call = self._call()
            return Reply.of(200, self._visible(self._act(call))), True
        except errors.StripeError as error:
            return self._refusal(error), error.executed
        except Exception:
            logger.exception("the sandbox failed on %s %s", self.request.method, self.request.path)
            failure = errors.StripeError(500, "api_error", "The sandbox itself failed; its log says why.")
            return self._refusal(failure), True

    def _act(self, call: Call) -> dict[str, Any]:
        thing = self.operation.act(call)
        paths = call.wanted.get("expand") or []
        if self.caller.publishable and any(path != ["payment_method"] for path in paths):
            raise errors.invalid("A publishable key can only expand payment_method.", param="expand")
        return expansion.expanded(self.sandbox, thing, paths)

    def _call(self) -> Call:
        form, readers = forms.decode(self.encoded), self.operation.parameters
        return Call(
            sandbox=self.sandbox,
            caller=self.caller,
            method=self.request.method,
            path=self.request.path,
            version=self.version,
            request_id=self.entry.request_id,
            idempotency_key=self.entry.idempotency_key,
            object_id=self.request.match_info.get("id", ""),
            wanted={} if readers is None else fields.read(form, readers),
        )

    def _overruled(self, truth: Reply) -> Reply:
        if self.struck.fault is not None and self.struck.kind == "status_after":
            return _scripted(self.struck.fault)
        return truth

    def _refusal(self, error: errors.StripeError) -> Reply:
        refusal = dict(error.body["error"])
        if "payment_intent" in refusal:
            refusal["payment_intent"] = self._visible(refusal["payment_intent"])
        return Reply.of(error.status, {"error": refusal}, error.headers)

    def _visible(self, thing: dict[str, Any]) -> dict[str, Any]:
        if self.caller.publishable:
            return {name: value for name, value in thing.items() if name != "metadata"}
        return thing

    def _headers(self) -> dict[str, str]:
        headers = {"Request-Id": self.entry.request_id, "Stripe-Version": self.version or API_VERSION}
        if self.entry.idempotency_key:
            headers["Idempotency-Key"] = self.entry.idempotency_key
        if self.entry.replayed:
            headers["Idempotent-Replayed"] = "true"
        return headers | CORS if self.operation.publishable else headers


def _scripted(fault: Fault) -> Reply:
    error = errors.scripted(fault.status, lock=fault.lock)
    return Reply.of(error.status, error.body, error.headers)
