"""Everybody tries every method of every route of the API and the admin: what the table says, and nothing else."""

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.cache import caches
from django.db import transaction
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from members.models import Member
from tests.access.shortcut import WHO
from tests.access.studio import Studio
from tests.access.table import ACTIONS, METHODS, MODELS, SIGNED_IN, TABLE

PEOPLE = {
    "N": "nobody",
    "M": "a member",
    "I": "an instructor",
    "D": "the front desk",
    "G": "a manager",
    "O": "an owner",
    "S": "staff without a role",
}


def routes(patterns: Any, prefix: str = "") -> Iterator[str]:
    """Every route there is, as the table writes it."""
    for one in patterns:
        route = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns, route)
        elif isinstance(one, URLPattern):
            yield written(route)


def written(route: str) -> str:
    named = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"{\1}", route)
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", named).replace("^", "").replace("$", "").replace("\\", "")


def ours() -> set[str]:
    return {route for route in routes(get_resolver().url_patterns) if route.startswith(("api/", "admin"))}


def test_every_route_stands_in_the_table_and_nothing_else() -> None:
    assert ours() - TABLE.keys() == set(), "say in tests/access/table.py who may what"
    assert TABLE.keys() - ours() == set(), "no such route"


def is_let_in(answer: Any) -> bool:
    """Whether somebody got to where the work is done, whatever became of it there."""
    led_to_the_door = answer.status_code == 302 and answer["Location"].startswith("/admin/login/")
    return answer.status_code not in (401, 403, 404, 405) and not led_to_the_door


@pytest.fixture
def studio(settings: Any) -> Iterator[Studio]:
    studio = Studio()
    settings.TEMPLATES = [{"BACKEND": "tests.access.shortcut.BlankTemplates"}]
    settings.MIDDLEWARE = ["tests.access.shortcut.signed_in", "django.contrib.messages.middleware.MessageMiddleware"]
    logging.disable()  # a refusal is no news here, and its traceback takes longer than itself
    yield studio
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("letter", PEOPLE, ids=PEOPLE.values())
def test_they_may_what_the_table_says_and_nothing_else(studio: Studio, letter: str) -> None:
    wrong = []
    for route, row in TABLE.items():
        for cache in caches.all():
            cache.clear()
        path = studio.address(route)
        for method in METHODS:
            answer = ask(method, path, studio.people[letter], studio.form(route))
            if is_let_in(answer) != (letter in row.get(method, "")):
                wrong.append(f"{method} {route}: {answer.status_code} {answer.headers.get('Location', '')}")
    assert not wrong, "\n".join(wrong)


def test_marked_rows_are_offered_to_whom_the_table_says(studio: Studio, rf: RequestFactory) -> None:
    for model, (_sees, _adds, _changes, deletes) in MODELS.items():
        wanted = {**ACTIONS.get(model, {}), **({"delete_selected": deletes} if deletes else {})}
        offered: dict[str, str] = {}
        for letter in SIGNED_IN:
            request = rf.get("/admin/")
            request.user = studio.people[letter]
            for name in admin.site._registry[apps.get_model(*model.split("/"))].get_actions(request):
                offered[name] = offered.get(name, "") + letter
        assert offered == wanted, model


def ask(method: str, path: str, who: Member | None, form: str) -> Any:
    """One request, and all that it did undone."""
    client = Client(**{WHO: who})
    kind = "application/json" if path.startswith("/api/") else "application/x-www-form-urlencoded"
    body = b"{}" if path.startswith("/api/") else form.encode()
    with transaction.atomic():
        answer = client.generic(method, path, body, content_type=kind)
        transaction.set_rollback(True)
    return answer
