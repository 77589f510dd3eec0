"""What arrives on a phone, and what it says back."""

from __future__ import annotations

from aiohttp import web

from sandbox.state import SANDBOX


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount the messages."""
    router.add_get("/_sandbox/messages", list_messages)


async def list_messages(request: web.Request) -> web.Response:
    """Every WhatsApp message accepted, newest first, with its template and variables."""
    sandbox = request.app[SANDBOX]
    messages = [message | sandbox.templates[message["sid"]] for message in sandbox.messages.newest_first()]
    return web.json_response({"messages": messages})
