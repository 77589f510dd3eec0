"""Who may what: the studio's roles, and the permissions that each of them has.

Note [Roles]: a role is a Django group of this name; `manage.py sync_roles`, and a migration for a new database, write
it as it stands here, so that a studio which wants something else makes a group of its own. Staff who are in no group
may everything over the API, and in the admin what they were given one by one.
"""

from typing import Any

OWNER, MANAGER, FRONT_DESK, INSTRUCTOR = "Owner", "Manager", "Front desk", "Instructor"

# "booking.*" is every permission of the app.
ROLES: dict[str, tuple[str, ...]] = {
    # Alone may say who works here, and as what: `members.admin.may_appoint` asks for auth.change_group.
    OWNER: (
        "account.view_emailaddress",
        "auth.*",
        "booking.*",
        "members.*",
        "mfa.view_authenticator",
        "mfa.delete_authenticator",
        "notifications.*",
        "payments.*",
    ),
    MANAGER: (
        "booking.*",
        "notifications.*",
        "payments.*",
        "members.view_member",
        "members.add_member",
        "members.change_member",
        "members.block_member",
        "members.view_membernote",
        "members.add_membernote",
        "members.view_staffact",
    ),
    FRONT_DESK: (
        "booking.run_desk",
        "booking.view_booking",
        "booking.view_bookingtransition",
        "booking.view_classsession",
        "booking.view_waitlistentry",
        "members.view_member",
        "members.add_member",
        "members.view_membernote",
        "members.add_membernote",
    ),
    INSTRUCTOR: ("booking.see_own_roster",),
}


def sync(*, groups: Any, permissions: Any) -> dict[str, tuple[int, int]]:
    """Give each role exactly what the table says; how many permissions each was given and lost. Safe to repeat.

    `groups` and `permissions` are the managers of Django's models, or of a migration's.
    """
    known = {f"{one.content_type.app_label}.{one.codename}": one for one in permissions.select_related("content_type")}
    changes = {}
    for role, wanted in ROLES.items():
        group, _ = groups.get_or_create(name=role)
        had = set(group.permissions.values_list("pk", flat=True))
        has = {one.pk for name, one in known.items() if name in wanted or f"{name.partition('.')[0]}.*" in wanted}
        group.permissions.set(has)
        changes[role] = (len(has - had), len(had - has))
    return changes
