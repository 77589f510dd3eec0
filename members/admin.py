"""Members and who of them works here.

Note [Appointing]: whoever may change what groups mean (`auth.change_group`: owners) may say who works here, and as
what. For everybody else staff accounts are read-only, password and e-mail too, and the fields of access of all others.
"""

from typing import Any

from allauth.account.admin import EmailAddressAdmin
from allauth.account.models import EmailAddress
from allauth.mfa.admin import AuthenticatorAdmin
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from boundary.books import ReadOnlyAdmin
from members.acted import LoggedAdmin, log
from members.models import Member, StaffAct

ACCESS = ("is_staff", "is_superuser", "teaches_as", "groups", "user_permissions")


def may_appoint(request: HttpRequest) -> bool:
    """See the note [Appointing]."""
    return bool(request.user.has_perm("auth.change_group"))


@admin.register(Member)
class MemberAdmin(LoggedAdmin, UserAdmin):
    """Members are blocked on their page, which ends their sessions, and not deleted: their bookings and money stay."""

    called = "member"
    ordering = ("-id",)
    list_display = ("email", "name", "phone", "whatsapp_opt_in", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff", "whatsapp_opt_in")
    search_fields = ("email", "name", "phone")
    readonly_fields = ("is_active", "last_login", "date_joined")
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

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        return super().user_change_password(request, id, form_url)

    def log_change(self, request: HttpRequest, obj: Member, message: Any) -> Any:
        """Django's page for passwords has no form of ours: it is known by its address."""
        if request.resolver_match and request.resolver_match.url_name == "auth_user_password_change":
            log(request, "set_password", f"member:{obj.pk}")
        return super().log_change(request, obj, message)


@admin.register(StaffAct)
class StaffActAdmin(ReadOnlyAdmin):
    """What staff did, with before and after; nobody changes it."""

    list_display = ("at", "actor", "act", "subject", "reason")
    list_filter = ("act",)
    list_select_related = ("actor",)
    search_fields = ("subject", "actor__email", "actor__name", "act")
    date_hierarchy = "at"


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(LoggedAdmin, GroupAdmin):
    """What each role may; `sync_roles` writes the studio's four as the program has them."""

    called = "role"


admin.site.unregister(EmailAddress)


@admin.register(EmailAddress)
class AddressAdmin(ReadOnlyAdmin, EmailAddressAdmin):
    """What allauth keeps of an address; it follows from what members confirm."""

    actions = ()


admin.site.unregister(Authenticator)


@admin.register(Authenticator)
class SecondFactorAdmin(LoggedAdmin, AuthenticatorAdmin):
    """Who has a second factor; its secret is not shown. An owner takes a lost one away, and a new one is set up."""

    called = "second_factor"
    fields = readonly_fields = ("user", "type", "created_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and may_appoint(request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Authenticator]) -> None:
        """A member's codes for the day the phone is lost go with it."""
        members = list(queryset.values_list("user", flat=True))
        super().delete_queryset(request, Authenticator.objects.filter(user__in=members))
