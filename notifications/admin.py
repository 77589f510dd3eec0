from django.contrib import admin
from django.http import HttpRequest

from notifications.models import Message


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):
    """What was told to whom; written by the program alone."""

    list_display = ("kind", "subject", "member", "status", "reason", "attempts", "created_at")
    list_filter = ("status", "kind")
    list_select_related = ("member",)
    search_fields = ("subject", "member__email", "member__name", "sid")
    date_hierarchy = "created_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False
