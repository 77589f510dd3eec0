from django.urls import path

from members.views import MemberListView, MeView

urlpatterns = [
    path("", MemberListView.as_view(), name="members"),
    path("me/", MeView.as_view(), name="me"),
]
