from django.urls import path

from members.views import MemberListView

urlpatterns = [
    path("", MemberListView.as_view(), name="members"),
]
