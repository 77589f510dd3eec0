from django.contrib import admin
from django.urls import path

from booking import person_admin

urlpatterns = [
    path("<int:member_id>/", admin.site.admin_view(person_admin.page), name="person"),
    path("<int:member_id>/note/", admin.site.admin_view(person_admin.note), name="person-note"),
    path("<int:member_id>/refund/", admin.site.admin_view(person_admin.refund), name="person-refund"),
]
