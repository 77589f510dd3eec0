"""Only an owner says who works here, and as what; nobody else gets at their accounts."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.test import Client

from booking.roles import FRONT_DESK, INSTRUCTOR, MANAGER, OWNER
from members.models import Member
from tests.cast import hired

PASSWORD = "quite-another-one-2"


def browser(member: Member) -> Client:
    client = Client()
    client.force_login(member)
    return client


def page(member: Member) -> str:
    return f"/admin/members/member/{member.pk}/change/"


def change(client: Client, member: Member, **fields: Any) -> int:
    """Save the member's page as it stands, but for these fields; the status of the answer."""
    form = {"email": member.email, "name": member.name, "phone": member.phone}
    return int(client.post(page(member), {**form, **fields}).status_code)


def rights(member: Member) -> tuple[Any, ...]:
    member = Member.objects.get(pk=member.pk)
    return (member.is_staff, member.is_superuser, member.teaches_as, member.groups.count(), member.email)


@pytest.fixture
def everything() -> dict[str, Any]:
    """What a form says that asks for all rights."""
    groups = list(Group.objects.values_list("pk", flat=True))
    return {
        "is_staff": "on",
        "is_superuser": "on",
        "teaches_as": "Isla",
        "groups": groups,
        "user_permissions": list(Permission.objects.values_list("pk", flat=True)[:5]),
    }


def test_a_manager_changes_members_and_raises_nobody(ana: Member, everything: dict[str, Any]) -> None:
    client = browser(hired(MANAGER))
    assert change(client, ana, name="Ana B.", **everything) == 302
    ana.refresh_from_db()
    assert (ana.name, ana.is_active) == ("Ana B.", True), "an unticked box blocks nobody: the member's page does"
    assert rights(ana) == (False, False, "", 0, "ana@example.com")
    assert not ana.user_permissions.exists()


def test_a_new_member_of_a_manager_has_no_rights(everything: dict[str, Any]) -> None:
    form = {"email": "new@example.com", "name": "New", "phone": "", "usable_password": "true"}
    form |= {"password1": PASSWORD, "password2": PASSWORD}
    answer = browser(hired(MANAGER)).post("/admin/members/member/add/", {**form, **everything})
    assert answer.status_code == 302
    assert rights(Member.objects.get(email="new@example.com")) == (False, False, "", 0, "new@example.com")


@pytest.mark.parametrize("role", [OWNER, MANAGER, FRONT_DESK])
def test_a_manager_cannot_touch_the_account_of_whoever_works_here(role: str, everything: dict[str, Any]) -> None:
    manager = hired(MANAGER)
    other = manager if role == MANAGER else hired(role)
    client = browser(manager)
    before = (*rights(other), other.password)
    assert change(client, other, **{**everything, "email": "mine@example.com"}) == 403
    new = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true", "set-password": "1"}
    assert client.post(f"/admin/members/member/{other.pk}/password/", new).status_code == 403
    assert (*rights(other), Member.objects.get(pk=other.pk).password) == before
    assert client.get(page(other)).status_code == 200, "looking is allowed"


def test_a_manager_cannot_touch_a_superuser_who_is_not_staff() -> None:
    boss = Member.objects.create_superuser("boss@example.com", "the-old-boss-of-it")
    Member.objects.update(is_staff=False)
    client = browser(hired(MANAGER))
    assert change(client, boss, email="mine@example.com") == 403


def test_a_manager_does_not_reach_what_stands_beside_an_account(ana: Member) -> None:
    """The addresses that passwords are reset by, and what a group may."""
    address = EmailAddress.objects.create(user=ana, email=ana.email, primary=True, verified=True)
    client = browser(hired(MANAGER))
    group = Group.objects.get(name=MANAGER)
    for path in (
        f"account/emailaddress/{address.pk}/change/",
        "account/emailaddress/add/",
        f"auth/group/{group.pk}/change/",
        "auth/group/add/",
    ):
        for answer in (client.get(f"/admin/{path}"), client.post(f"/admin/{path}", {})):
            assert answer.status_code == 403, path


def test_an_owner_appoints(ana: Member) -> None:
    client = browser(hired(OWNER))
    group = Group.objects.get(name=INSTRUCTOR)
    assert change(client, ana, is_staff="on", teaches_as="Ana", groups=[group.pk]) == 302
    assert rights(ana) == (True, False, "Ana", 1, "ana@example.com")
    assert change(client, ana, teaches_as="") == 302
    assert rights(ana) == (False, False, "", 0, "ana@example.com")


@pytest.mark.parametrize("role", [FRONT_DESK, INSTRUCTOR])
def test_others_change_no_member(role: str, ana: Member) -> None:
    client = browser(hired(role))
    assert change(client, ana, name="X") == 403
    assert client.get("/admin/members/member/add/").status_code == 403
    assert client.post(f"/admin/members/member/{ana.pk}/password/", {}).status_code == 403


def test_a_phone_that_is_possible_is_one_and_any_other_is_refused(ana: Member) -> None:
    client = browser(hired(MANAGER))
    assert change(client, ana, phone="+44 7700 900555") == 302
    for wrong in ("07700", "abc", "+999999999999999999"):
        assert change(client, ana, phone=wrong) == 200
    ana.refresh_from_db()
    assert str(ana.phone) == "+447700900555"
