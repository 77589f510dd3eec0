from django.urls import path, re_path

from payments import pack_views
from payments.views import CreditsView, GrantView

reference = r"(?P<reference>[0-9A-Za-z]{8})"

urlpatterns = [
    path("credits/", CreditsView.as_view(), name="credits"),
    path("credits/grants/", GrantView.as_view(), name="grants"),
    path("packs/", pack_views.PackListView.as_view(), name="packs"),
    path("packs/<int:pk>/", pack_views.PackView.as_view(), name="pack"),
    path("packs/<int:pk>/buy/", pack_views.BuyView.as_view(), name="buy"),
    path("purchases/", pack_views.PurchaseListView.as_view(), name="purchases"),
    re_path(rf"^purchases/{reference}/$", pack_views.PurchaseView.as_view(), name="purchase"),
    re_path(rf"^purchases/{reference}/sync/$", pack_views.PurchaseSyncView.as_view(), name="purchase-sync"),
    re_path(rf"^purchases/{reference}/refund/$", pack_views.PurchaseRefundView.as_view(), name="purchase-refund"),
]
