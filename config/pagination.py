from typing import Any

from django.db.models import QuerySet
from rest_framework import pagination
from rest_framework.request import Request


class CursorPagination(pagination.CursorPagination):
    """Pages in the order the view's query has; `page_size` up to 100."""

    page_size = 50
    max_page_size = 100
    page_size_query_param = "page_size"

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        return tuple(str(name) for name in queryset.query.order_by)
