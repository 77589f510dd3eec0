from django.contrib import admin

from boundary.books import ReadOnlyAdmin
from notifications.models import Message


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """What was told to whom; written by the program alone."""

    list_display = ("kind", "subject", "member", "status", "reason", "attempts", "created_at")
    list_filter = ("status", "kind")
    list_select_related = ("member",)
    search_fields = ("subject", "member__email", "member__name", "sid")
    date_hierarchy = "created_at"
