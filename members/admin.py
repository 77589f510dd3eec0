"""Members and who of them works here.

Note [Appointing]: whoever may change what groups mean (`auth.change_group`: owners) may say who works here, and as
what. For everybody else staff accounts are read-only, password and e-mail too, and the fields of access of all others.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from members.models import Member

ACCESS = ("is_staff", "is_superuser", "teaches_as", "groups", "user_permissions")


def may_appoint(request: HttpRequest) -> bool:
    """See the note [Appointing]."""
    return bool(request.user.has_perm("auth.change_group"))


@admin.register(Member)
class MemberAdmin(UserAdmin):
    """Members are deactivated, not deleted: their bookings and money stay."""

    ordering = ("-id",)
    list_display = ("email", "name", "phone", "whatsapp_opt_in", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff", "whatsapp_opt_in")
    search_fields = ("email", "name", "phone")
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "phone", "whatsapp_opt_in")}),
        ("Access", {"fields": ("is_active", *ACCESS)}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "phone", "usable_password", "password1", "password2")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Member | None = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if may_appoint(request) else (*fields, *ACCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Django's page for new accounts is for those who may change them; the front desk has its own."""
        return super().has_add_permission(request) and self.has_change_permission(request)

    def has_delete_permission(self, request: object, obj: Member | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Member | None = None) -> bool:
        """A form that was opened before its member was erased must not bring them back."""
        if obj is None:
            return super().has_change_permission(request)
        works_here = obj.is_staff or obj.is_superuser
        return (
            super().has_change_permission(request, obj)
            and not obj.is_erased
            and (may_appoint(request) or not works_here)
        )
