from django.urls import path

from notifications.views import TwilioStatusView

urlpatterns = [
    path("twilio/status/<uuid:message_id>/", TwilioStatusView.as_view(), name="twilio-status"),
]
