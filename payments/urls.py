from django.urls import path

from payments.views import CreditsView, GrantView

urlpatterns = [
    path("credits/", CreditsView.as_view(), name="credits"),
    path("credits/grants/", GrantView.as_view(), name="grants"),
]
