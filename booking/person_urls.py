from django.contrib import admin
from django.urls import path

from booking import person_acts, person_admin

staff = admin.site.admin_view
urlpatterns = [
    path("<int:member_id>/", staff(person_admin.page), name="person"),
    path("<int:member_id>/note/", staff(person_acts.note), name="person-note"),
    path("<int:member_id>/grant/", staff(person_acts.grant), name="person-grant"),
    path("<int:member_id>/correct/", staff(person_acts.correct), name="person-correct"),
    path("<int:member_id>/refund/", staff(person_acts.refund), name="person-refund"),
    path("<int:member_id>/resend/", staff(person_acts.resend), name="person-resend"),
    path("<int:member_id>/block/", staff(person_acts.block), name="person-block"),
    path("<int:member_id>/unblock/", staff(person_acts.unblock), name="person-unblock"),
]
