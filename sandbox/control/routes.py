"""All control routes."""

from __future__ import annotations

from aiohttp import web

from sandbox.control import bank, lists, network, payer, phone, sandbox


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount everything under /_sandbox/."""
    for part in (payer, bank, network, phone, lists, sandbox):
        part.add_routes(router)
