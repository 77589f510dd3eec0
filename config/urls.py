"""Mounts the apps, and wires what lower ones must ask of upper ones: the only file that sees both sides.

The end of a payment goes to what it was for; a member's export and erasure to every app that holds something of theirs.
"""

from allauth.account.decorators import secure_admin_login
from csp.decorators import csp_update
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularSwaggerSplitView

from booking import conversation, express_settlement, reports_admin, settlement
from booking import personal as booking_personal
from config import attention, checklist, errors, health, metrics, schema
from members import second_factor
from members.views import ExportView, MeView
from notifications import personal as notifications_personal
from notifications.views import TwilioReplyView
from payments import personal as payments_personal
from payments.views import StripeWebhookView

admin.autodiscover()
admin.site.site_header = admin.site.site_title = "Holdfast"
# One login page, with allauth's limits on failed attempts.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

docs = csp_update({"style-src": "'unsafe-inline'"})(SpectacularSwaggerSplitView.as_view(url_name="schema"))

collect = (booking_personal.held, payments_personal.held, notifications_personal.held)
forget = (booking_personal.forget, notifications_personal.forget)
stripe_webhook = StripeWebhookView.as_view(settle=settlement.settle, express=express_settlement.settle)

urlpatterns = [
    path("api/members/me/", MeView.as_view(forget=forget), name="me"),
    path("api/members/me/export/", ExportView.as_view(collect=collect), name="export"),
    path("api/members/", include("members.urls")),
    path("api/booking/stripe/webhook/", stripe_webhook, name="stripe-webhook"),
    path("api/booking/", include("booking.urls")),
    path("api/payments/", include("payments.urls")),
    path("api/notifications/twilio/reply/", TwilioReplyView.as_view(act=conversation.act), name="twilio-reply"),
    path("api/notifications/", include("notifications.urls")),
    path("api/schema/", schema.SchemaView.as_view(), name="schema"),
    path("api/docs/", docs, name="docs"),
    # The e-mail is the login and read-only: allauth would let a member add another member's address.
    re_path(r"^_allauth/(app|browser)/v1/account/email$", errors.no_such_path),
    re_path(r"^_allauth/(app|browser)/v1/account/authenticators", errors.no_such_path),
    path("accounts/email/", errors.no_such_path),
    path("accounts/2fa/totp/activate/", second_factor.ActivateView.as_view(), name="mfa_activate_totp"),
    path("_allauth/", include("allauth.headless.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/attention/", admin.site.admin_view(attention.queue), name="attention"),
    path("admin/people/", include("booking.person_urls")),
    path("admin/reports/", admin.site.admin_view(reports_admin.reports), name="reports"),
    path(
        "admin/reports/<slug:report>/<slug:table>.csv",
        admin.site.admin_view(reports_admin.as_csv),
        name="reports-csv",
    ),
    path("admin/desk/", include("booking.desk_urls")),
    path("admin/checklist/", admin.site.admin_view(checklist.page), name="checklist"),
    path("admin/", admin.site.urls),
    re_path(r"^api/", errors.no_such_path),
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler500 = errors.server_error
