"""Secrets that can be told from anything else: what of them turns up somewhere has leaked."""

from urllib.parse import urlsplit, urlunsplit

from tests.races.server import database_url, settings_of_this_run

HOST = "studio.example.com"
DATABASE_PASSWORD = "canary-database-password"
# A database on a port where nobody listens.
NOWHERE = f"postgresql://holdfast:{DATABASE_PASSWORD}@127.0.0.1:9/holdfast"
# The secrets of the installation, by the variable that holds each.
INSTALLED = {
    "SECRET_KEY": "canary-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLM",
    "STRIPE_SECRET_KEY": "sk_test_canarystripesecret",
    "STRIPE_WEBHOOK_SECRET": "whsec_canarywebhookold,whsec_canarywebhooknew",
    "TWILIO_AUTH_TOKEN": "canarytwiliotoken",
    "EMAIL_HOST_PASSWORD": "canary-smtp-password",
}
PRODUCTION = {
    "DJANGO_ENV": "prod",
    "ALLOWED_HOSTS": f"{HOST},127.0.0.1",
    "CSRF_TRUSTED_ORIGINS": f"https://{HOST}",
    "CORS_ALLOWED_ORIGINS": "https://app.example.com",
    "PUBLIC_BASE_URL": f"https://{HOST}",
    "RATE_LIMITS": "on",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_production",
    "STRIPE_API_BASE": "",
    "STRIPE_JS_URL": "",
    "TWILIO_API_BASE": "",
    # A port on which nobody listens: every mail is a fault.
    "EMAIL_HOST": "127.0.0.1",
    "EMAIL_PORT": "9",
    "EMAIL_HOST_USER": "studio",
    **INSTALLED,
}


def environment(sandbox: str) -> dict[str, str]:
    """What a process of production is started with: this run's database, and canaries for secrets."""
    return {**settings_of_this_run(sandbox), **PRODUCTION, "DATABASE_URL": _with_password(), "SANDBOX": sandbox}


def _with_password() -> str:
    """A server that asks for no password takes any."""
    parts = urlsplit(database_url())
    user, separator, where = parts.netloc.rpartition("@")
    if not separator or ":" in user:
        return urlunsplit(parts)
    return urlunsplit(parts._replace(netloc=f"{user}:{DATABASE_PASSWORD}@{where}"))
