from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from members.models import Member


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
        ("Access", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "phone", "usable_password", "password1", "password2")}),)

    def has_delete_permission(self, request: object, obj: Member | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Member | None = None) -> bool:
        """A form that was opened before its member was erased must not bring them back."""
        return super().has_change_permission(request, obj) and not (obj and obj.is_erased)
