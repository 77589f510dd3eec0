from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from django.db import IntegrityError, transaction
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import filters, generics, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from boundary.envelope import refused
from boundary.throttling import Throttle
from members import acts, erasure, personal
from members.models import Member
from members.requests import Asks, RolesMay, member_of
from members.serializers import MemberSerializer, NewMemberSerializer


class MemberSearch(filters.SearchFilter):
    """Looks for the first ten words: each is a condition of the query."""

    def get_search_terms(self, request: Request) -> list[str]:
        return list(super().get_search_terms(request))[:10]


class MeView(generics.RetrieveUpdateAPIView):
    """The member who asks."""

    serializer_class = MemberSerializer
    http_method_names = ("get", "patch", "delete", "head", "options")
    forget: tuple[erasure.Forget, ...] = ()

    def get_object(self) -> Member:
        return member_of(self.request)

    @extend_schema(responses={204: None, 409: refused("staff_account")})
    def delete(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Erase oneself: name, e-mail, phone and every session are gone at once; bookings and money stay, nameless."""
        erasure.erase(self.get_object().pk, forget=self.forget, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class ExportView(APIView):
    """Everything that is held about the member who asks, as one JSON file."""

    throttle_classes = (Throttle,)
    throttle_scope = "export"
    collect: tuple[Callable[[Member], dict[str, Any]], ...] = ()

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        member = member_of(request)
        everything = personal.held(member)
        for held in self.collect:
            everything |= held(member)
        headers = {
            "Content-Disposition": f'attachment; filename="member-{member.pk}.json"',
            "Cache-Control": "no-store",
        }
        return Response(everything, headers=headers)


class MemberListView(generics.ListAPIView):
    """Staff list and create members."""

    queryset = Member.objects.order_by("id")
    serializer_class = MemberSerializer
    permission_classes = (RolesMay,)
    asks: ClassVar = {"GET": Asks("members.view_member"), "POST": Asks("members.add_member")}
    filter_backends = (MemberSearch,)
    search_fields = ("email", "name", "phone")

    @extend_schema(request=NewMemberSerializer, responses={201: MemberSerializer})
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        new = NewMemberSerializer(data=request.data)
        new.is_valid(raise_exception=True)
        try:
            member = _create(new, by=member_of(request), now=timezone.now())
        except IntegrityError as error:  # a twin request was quicker
            raise ValidationError({"email": ["A member with this e-mail exists."]}, code="unique") from error
        return Response(MemberSerializer(member).data, status=status.HTTP_201_CREATED)


@transaction.atomic
def _create(new: NewMemberSerializer, *, by: Member, now: datetime) -> Member:
    member: Member = new.save()
    told = {name: value for name, value in new.validated_data.items() if name != "password"}
    acts.record(actor=by, act="create_member", subject=f"member:{member.pk}", now=now, after=told)
    return member
