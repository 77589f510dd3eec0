from django.contrib import admin
from django.urls import path

from booking import desk_pages, sale_pages

may_enter = admin.site.admin_view

urlpatterns = [
    path("", may_enter(desk_pages.day), name="desk"),
    path("<int:pk>/", may_enter(desk_pages.session), name="desk-session"),
    path("<int:pk>/print/", may_enter(desk_pages.on_paper), name="desk-print"),
    path("<int:pk>/people/", may_enter(sale_pages.people), name="desk-people"),
    path("<int:pk>/people/<int:member>/", may_enter(sale_pages.sale), name="desk-sale"),
]
