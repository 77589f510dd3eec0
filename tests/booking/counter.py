"""The counter at which staff look after one member: the page, its forms, and the browser of whoever stands there."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.contrib.auth.models import Permission
from django.db import connections
from django.test import Client

from members.models import Member, StaffAct

PAGE = "/admin/people/{}/"


def page(member: Member) -> str:
    return PAGE.format(member.pk)


def shown(browser: Client, member: Member) -> str:
    """The page as it reads."""
    answer = browser.get(page(member))
    assert (answer.status_code, "unsafe" in answer["Content-Security-Policy"]) == (200, False)
    return str(answer.content.decode())


def form(text: str, act: str, number: int = 0) -> dict[str, str]:
    """What the browser sends of a form that nobody has filled in yet."""
    forms = re.findall(rf'<form method="post" action="[^"]*/{act}/">(.*?)</form>', text, re.S)
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', forms[number])
    return {name: value for name, value in hidden if name != "csrfmiddlewaretoken"}


def offers(text: str, act: str) -> bool:
    """Whether the page has a form for this act."""
    return re.search(rf'action="/admin/people/[0-9]+/{act}/"', text) is not None


def act(browser: Client, member: Member, act: str, given: dict[str, Any]) -> str:
    """Send a form; what the page says then."""
    answer = browser.post(f"{page(member)}{act}/", given, follow=True)
    assert answer.redirect_chain == [(page(member), 302)]
    return said(answer.content.decode())


def said(text: str) -> str:
    """The messages at the top of a page."""
    found = re.search(r'<ul class="messagelist">(.*?)</ul>', text, re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split()) if found else ""


def fill(browser: Client, member: Member, name: str, **given: Any) -> str:
    """Open the page, fill its form in and send it."""
    return act(browser, member, name, form(shown(browser, member), name) | given)


def staff(*permissions: str) -> Client:
    """The browser of somebody of the staff who may do this and nothing else."""
    somebody = Member.objects.create_user(f"{len(permissions)}-{'-'.join(permissions)}@example.com"[-60:], "x" * 12)
    Member.objects.filter(pk=somebody.pk).update(is_staff=True, name="Dora")
    wanted = [name.split(".") for name in permissions]
    for app, codename in wanted:
        somebody.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    browser = Client()
    browser.force_login(somebody)
    return browser


def log() -> list[tuple[str, str]]:
    """The acts of staff as they were written down, the first one first."""
    return [(line.act, line.subject) for line in StaffAct.objects.order_by("id")]


def at_once(*acts: Any) -> None:
    """All of these at one moment, each on a connection of its own."""
    begun = Barrier(len(acts))

    def run(one: Any) -> None:
        try:
            begun.wait(10)
            one()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as threads:
        list(threads.map(run, acts))
