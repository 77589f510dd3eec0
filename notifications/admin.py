from django.contrib import admin

from boundary.books import ReadOnlyAdmin
from notifications.models import Message, Reply


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """What was told to whom; written by the program alone."""

    list_display = ("kind", "subject", "member", "status", "reason", "emailed_at", "attempts", "created_at")
    list_filter = ("status", "kind")
    list_select_related = ("member",)
    search_fields = ("subject", "member__email", "member__name", "sid")
    date_hierarchy = "created_at"


@admin.register(Reply)
class ReplyAdmin(ReadOnlyAdmin):
    """What members wrote on WhatsApp, and what they were answered."""

    list_display = ("received_at", "member", "text", "answer", "answered_at")
    list_select_related = ("member",)
    search_fields = ("member__email", "member__name", "phone", "sid", "booking")
    exclude = ("quote",)
    date_hierarchy = "received_at"
