from typing import Any

from django.db import IntegrityError
from drf_spectacular.utils import extend_schema
from rest_framework import filters, generics, status
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response

from members.models import Member
from members.serializers import MemberSerializer, NewMemberSerializer


class MemberSearch(filters.SearchFilter):
    """Looks for the first ten words: each is a condition of the query."""

    def get_search_terms(self, request: Request) -> list[str]:
        return list(super().get_search_terms(request))[:10]


class MeView(generics.RetrieveUpdateAPIView):
    """The member who asks."""

    serializer_class = MemberSerializer
    http_method_names = ("get", "patch", "head", "options")

    def get_object(self) -> Member:
        assert isinstance(self.request.user, Member)
        return self.request.user


class MemberListView(generics.ListAPIView):
    """Staff list and create members."""

    queryset = Member.objects.order_by("id")
    serializer_class = MemberSerializer
    permission_classes = (IsAdminUser,)
    filter_backends = (MemberSearch,)
    search_fields = ("email", "name", "phone")

    @extend_schema(request=NewMemberSerializer, responses={201: MemberSerializer})
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        new = NewMemberSerializer(data=request.data)
        new.is_valid(raise_exception=True)
        try:
            member = new.save()
        except IntegrityError as error:  # a twin request was quicker
            raise ValidationError({"email": ["A member with this e-mail exists."]}, code="unique") from error
        return Response(MemberSerializer(member).data, status=status.HTTP_201_CREATED)
