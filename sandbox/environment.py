"""The environment that points a program at the sandbox: test-only values, worthless anywhere else."""

from __future__ import annotations

from collections.abc import Mapping

DEFAULT_PORT = 12111
DEFAULT_APP_URL = "http://localhost:8000"
WEBHOOK_PATH = "/api/booking/stripe/webhook/"

SECRET_KEY = "sk_test_sandbox_not_a_secret"
PUBLISHABLE_KEY = "pk_test_sandbox_not_a_secret"
WEBHOOK_SECRET = "whsec_sandbox_not_a_secret"
TWILIO_SID = "AC" + "5a" * 16
TWILIO_TOKEN = "sandbox_not_a_secret"
WHATSAPP_FROM = "+14155238886"

MESSAGE_KINDS = (
    "booking_paid",
    "payment_failed",
    "hold_expired",
    "booking_cancelled",
    "session_cancelled",
    "session_moved",
    "waitlist_offer",
    "offer_lapsed",
    "refund_done",
    "refund_failed",
    "pack_paid",
    "reminder",
)
CONTENT_SIDS = {kind: f"HX{number:032x}" for number, kind in enumerate(MESSAGE_KINDS, start=1)}


def stripe_variables(base_url: str) -> dict[str, str]:
    """The Stripe variables, which belong together."""
    return {
        "STRIPE_SECRET_KEY": SECRET_KEY,
        "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "STRIPE_API_BASE": base_url,
        "STRIPE_JS_URL": f"{base_url}/stripe.js",
    }


def twilio_variables(base_url: str) -> dict[str, str]:
    """The Twilio variables, each of which gives way to one that is already set."""
    return {
        "TWILIO_ACCOUNT_SID": TWILIO_SID,
        "TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
        "TWILIO_WHATSAPP_FROM": WHATSAPP_FROM,
        "TWILIO_API_BASE": base_url,
        "TWILIO_CONTENT_SIDS": ",".join(f"{kind}={sid}" for kind, sid in CONTENT_SIDS.items()),
    }


def variables(base_url: str) -> dict[str, str]:
    """All of them."""
    return stripe_variables(base_url) | twilio_variables(base_url)


def pointed(environ: Mapping[str, str], base_url: str) -> dict[str, str]:
    """A whole environment that points at the sandbox and reaches it around any proxy."""
    kept = {name: value for name, value in environ.items() if value or not name.startswith("TWILIO_")}
    whole = twilio_variables(base_url) | kept | stripe_variables(base_url)
    for name in ("NO_PROXY", "no_proxy"):
        whole[name] = ",".join(filter(None, [environ.get(name), "127.0.0.1", "localhost"]))
    return whole


def kinds_by_sid(content_sids: str) -> dict[str, str]:
    """The message kind of each content template, from the `kind=HX…` pairs of TWILIO_CONTENT_SIDS."""
    pairs = (pair.partition("=") for pair in content_sids.split(","))
    return {sid.strip(): kind.strip() for kind, _, sid in pairs if sid.strip()}
