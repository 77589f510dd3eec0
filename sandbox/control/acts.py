"""How a hand on one of Stripe's objects is answered: with the object, or refused as Stripe refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox.replies import Reply
from sandbox.stripe import errors


def done(act: Callable[[], dict[str, Any]]) -> web.Response:
    """What came of an act on an object."""
    try:
        reply = Reply.of(200, act())
    except errors.StripeError as error:
        reply = Reply.of(error.status, error.body)
    return reply.response({})
