"""What a bank and whoever sits at the dashboard can do: cancel, refund, end a refund, dispute, decide a dispute."""

from __future__ import annotations

from aiohttp import web

from sandbox.control.acts import done
from sandbox.control.bodies import bad_request, body
from sandbox.state import SANDBOX
from sandbox.stripe import disputes, errors, intents, payments, refunds

_INTENT, _REFUND, _DISPUTE = (f"/_sandbox/{name}/{{id}}" for name in ("payment_intents", "refunds", "disputes"))


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount the acts on intents, refunds and disputes."""
    router.add_post(_INTENT + "/cancel", cancel)
    router.add_post(_INTENT + "/refund", refund)
    router.add_post(_INTENT + "/dispute", dispute)
    router.add_post(_REFUND + "/succeed", succeed)
    router.add_post(_REFUND + "/fail", fail)
    router.add_post(_DISPUTE + "/close", close)


async def cancel(request: web.Request) -> web.Response:
    """Someone cancels the intent in the dashboard."""
    reason = (await body(request, {"reason": str})).get("reason")
    _known("reason", reason, intents.CANCEL_REASONS)
    sandbox, name = request.app[SANDBOX], request.match_info["id"]
    return done(
        lambda: payments.cancel(
            sandbox, sandbox.intents.get(name, param="intent"), reason=reason, origin=payments.NO_REQUEST
        )
    )


async def refund(request: web.Request) -> web.Response:
    """Someone refunds the payment in the dashboard, all that is left of it or an amount."""
    given = await body(request, {"amount": int, "reason": str})
    _known("reason", given.get("reason"), refunds.REASONS)
    sandbox, wanted = request.app[SANDBOX], {"payment_intent": request.match_info["id"], **given}
    return done(lambda: refunds.create(sandbox, wanted, origin=payments.NO_REQUEST))


async def succeed(request: web.Request) -> web.Response:
    """The bank pays a pending refund out."""
    await body(request, {})
    sandbox, name = request.app[SANDBOX], request.match_info["id"]
    return done(lambda: refunds.succeed(sandbox, sandbox.refunds.get(name)))


async def fail(request: web.Request) -> web.Response:
    """The bank sends a refund back, pending or paid out."""
    reason = (await body(request, {"reason": str})).get("reason", "expired_or_canceled_card")
    _known("reason", reason, refunds.FAILURES)
    sandbox, name = request.app[SANDBOX], request.match_info["id"]
    return done(lambda: refunds.fail(sandbox, sandbox.refunds.get(name), reason=reason))


async def dispute(request: web.Request) -> web.Response:
    """The payer's bank disputes the payment, or with the reason `inquiry` only asks about it."""
    given = await body(request, {"amount": int, "reason": str})
    reason = given.get("reason", "fraudulent")
    _known("reason", reason, ("inquiry", *disputes.REASONS))
    sandbox = request.app[SANDBOX]
    intent = sandbox.intents.find(request.match_info["id"])

    def act() -> dict[str, object]:
        if intent is None:
            raise errors.missing("payment_intent", request.match_info["id"], param="intent")
        charge = sandbox.charges.get(intent["latest_charge"] or "", param="charge")
        amount = given["amount"] if "amount" in given else charge["amount"]
        return disputes.open_dispute(sandbox, charge, reason=reason, amount=amount)

    return done(act)


async def close(request: web.Request) -> web.Response:
    """Whoever decides the dispute decides it: won is for the account, lost is for the payer."""
    won = (await body(request, {"won": bool})).get("won", False)
    sandbox, name = request.app[SANDBOX], request.match_info["id"]
    return done(lambda: disputes.close(sandbox, sandbox.disputes.get(name), won=won))


def _known(name: str, value: str | None, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        raise bad_request(f"{name}: one of {', '.join(choices)}")
