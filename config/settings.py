"""Every variable is read once, here; what is missing or unsafe refuses to start, by name."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import available_timezones

from csp.constants import NONE, SELF

from config import databases, frontend, logs, replica, rest
from config.environment import Environment
from config.timeouts import Timeouts
from payments.currencies import MINIMUM_AMOUNT

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment(process=os.environ, directory=BASE_DIR)

# --- Django -----------------------------------------------------------------------------------------------------------
DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS")
CORS_ALLOWED_ORIGINS = env.items("CORS_ALLOWED_ORIGINS")
if not SECRET_KEY:
    env.refuse("SECRET_KEY", "is empty; set a long random text")

# --- The server -------------------------------------------------------------------------------------------------------
WEB_CONCURRENCY = env.integer("WEB_CONCURRENCY", 2, maximum=256)
WEB_THREADS = env.integer("WEB_THREADS", 8, maximum=256)
BIND = env.text("BIND") or f"127.0.0.1:{env.integer('PORT', 8000, maximum=65535)}"
RATE_LIMITS = env.flag("RATE_LIMITS", default=True)
STAFF_SECOND_FACTOR = env.choice("STAFF_SECOND_FACTOR", "off", "required")
PUBLIC_BASE_URL = (env.text("PUBLIC_BASE_URL") or f"https://{(ALLOWED_HOSTS or ['localhost'])[0]}").rstrip("/")
if urlsplit(PUBLIC_BASE_URL).scheme not in ("http", "https"):
    env.refuse("PUBLIC_BASE_URL", f"{PUBLIC_BASE_URL!r} is not an http(s) address")
# Several programs may share one account at Stripe: what this one opens there carries its name.
SITE = urlsplit(PUBLIC_BASE_URL).netloc[:100]
STUDIO_TIME_ZONE = env.text("STUDIO_TIME_ZONE", "Europe/London")
if STUDIO_TIME_ZONE not in available_timezones():
    env.refuse("STUDIO_TIME_ZONE", f"{STUDIO_TIME_ZONE!r} is not a known time zone")

# --- Stripe -----------------------------------------------------------------------------------------------------------
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY")
STRIPE_PUBLISHABLE_KEY = env.text("STRIPE_PUBLISHABLE_KEY")
STRIPE_WEBHOOK_SECRETS = env.items("STRIPE_WEBHOOK_SECRET")
STRIPE_LIVE = "_live_" in STRIPE_SECRET_KEY
STRIPE_CURRENCY = env.choice("STRIPE_CURRENCY", "gbp", *sorted(MINIMUM_AMOUNT))
STRIPE_PAYMENT_DESCRIPTION_PREFIX = env.text("STRIPE_PAYMENT_DESCRIPTION_PREFIX")
STRIPE_API_BASE = env.text("STRIPE_API_BASE").rstrip("/")
STRIPE_JS = env.text("STRIPE_JS_URL") or "https://js.stripe.com/endive/stripe.js"
STRIPE_TIMEOUT_SECONDS = env.integer("STRIPE_TIMEOUT_SECONDS", 8, maximum=60)
TIMEOUTS = Timeouts(stripe_read=STRIPE_TIMEOUT_SECONDS)
PAYMENTS_ENABLED = bool(STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY and STRIPE_WEBHOOK_SECRETS)
PAYMENT_FAILED_POLICY = env.choice("PAYMENT_FAILED_POLICY", "void", "hold")
LATE_PAYMENT_POLICY = env.choice("LATE_PAYMENT_POLICY", "reseat", "refund")
for name in ("STRIPE_API_BASE", "STRIPE_JS_URL"):
    if STRIPE_LIVE and env.text(name):
        env.refuse(name, "is set beside a live STRIPE_SECRET_KEY, which may only go with Stripe's own; empty it")
if STRIPE_LIVE and DEBUG:
    env.refuse("STRIPE_SECRET_KEY", "is a live key while DEBUG is on")
if STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY and ("_live_" in STRIPE_PUBLISHABLE_KEY) != STRIPE_LIVE:
    env.refuse("STRIPE_PUBLISHABLE_KEY", "and STRIPE_SECRET_KEY are not of the same mode (test, live)")

# --- Booking ----------------------------------------------------------------------------------------------------------
BOOKING_HOLD_MINUTES = env.integer("BOOKING_HOLD_MINUTES", 30, maximum=10_080)
MAX_HOLDS_PER_MEMBER = env.integer("MAX_HOLDS_PER_MEMBER", 3)
CANCELLATION_WINDOW_HOURS = env.integer("CANCELLATION_WINDOW_HOURS", 24, minimum=0)
CANCELLATION_TIERS = env.tiers("CANCELLATION_TIERS")
CANCELLATION_QUOTE_MINUTES = env.integer("CANCELLATION_QUOTE_MINUTES", 10, maximum=1440)
CREDIT_GRACE_DAYS = env.integer("CREDIT_GRACE_DAYS", 14, maximum=3650)
WAITLIST_OFFER_MINUTES = env.integer("WAITLIST_OFFER_MINUTES", 120)
WAITLIST_CLOSES_MINUTES = env.integer("WAITLIST_CLOSES_MINUTES", 30, minimum=0)
WALK_IN_EXTRA_SEATS = env.integer("WALK_IN_EXTRA_SEATS", 0, minimum=0, maximum=100)
REMINDER_HOURS = env.integer("REMINDER_HOURS", 24, minimum=0, maximum=720)

# --- Twilio -----------------------------------------------------------------------------------------------------------
TWILIO_ACCOUNT_SID = env.text("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = env.text("TWILIO_AUTH_TOKEN")
TWILIO_WHATSAPP_FROM = env.text("TWILIO_WHATSAPP_FROM").removeprefix("whatsapp:")
TWILIO_CONTENT_SIDS = env.pairs("TWILIO_CONTENT_SIDS")
TWILIO_API_BASE = env.text("TWILIO_API_BASE").rstrip("/")
MESSAGING_ENABLED = bool(TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN and TWILIO_WHATSAPP_FROM)

# --- E-mail -----------------------------------------------------------------------------------------------------------
EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.integer("EMAIL_PORT", 25, maximum=65535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = TIMEOUTS.email
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL") or f"studio@{urlsplit(PUBLIC_BASE_URL).hostname}"
EMAIL_BACKEND = "boundary.mail.SmtpBackend" if EMAIL_HOST else "boundary.mail.ConsoleBackend"

# --- Database ---------------------------------------------------------------------------------------------------------
DATABASE_URL = env.text("DATABASE_URL") or "sqlite:///db.sqlite3"
PGBOUNCER = env.flag("PGBOUNCER", default=False)
database: dict[str, Any] = {}
if urlsplit(DATABASE_URL).scheme in ("postgres", "postgresql"):
    database = databases.postgresql(DATABASE_URL, threads=WEB_THREADS, timeouts=TIMEOUTS, through_pgbouncer=PGBOUNCER)
elif urlsplit(DATABASE_URL).scheme == "sqlite":
    database = databases.sqlite(DATABASE_URL, folder=BASE_DIR)
else:
    env.refuse("DATABASE_URL", "is neither sqlite:///… nor postgresql://…")
DATABASES = {"default": database, **replica.databases(env, primary=database, timeouts=TIMEOUTS)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = databases.caches(shared=database.get("ENGINE", "").endswith("postgresql"))

# --- What production refuses ------------------------------------------------------------------------------------------
if env.is_prod:
    if DEBUG:
        env.refuse("DEBUG", "is on in production")
    if SECRET_KEY.startswith(("dev-only", "django-insecure")):
        env.refuse("SECRET_KEY", "is the one of development; set a long random text of your own")
    if any(key.startswith(("dev-only", "django-insecure")) for key in SECRET_KEY_FALLBACKS):
        env.refuse("SECRET_KEY_FALLBACKS", "names the one of development; name only keys that this production has had")
    if not ALLOWED_HOSTS:
        env.refuse("ALLOWED_HOSTS", "is empty; name the hosts the program answers for")
    if database.get("ENGINE", "").endswith("sqlite3"):
        env.refuse("DATABASE_URL", "is SQLite or empty; production needs postgresql://…")
    if not RATE_LIMITS:
        env.refuse("RATE_LIMITS", "is off in production")
    if STRIPE_SECRET_KEY and not STRIPE_WEBHOOK_SECRETS:
        env.refuse("STRIPE_WEBHOOK_SECRET", "is empty beside a set STRIPE_SECRET_KEY: payments would never settle")
    env.refuse_sandbox("STRIPE_API_BASE", "STRIPE_JS_URL", "TWILIO_API_BASE")
env.raise_problems()

# --- Applications -----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "booking",
    "payments",
    "notifications",
    "members",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "phonenumber_field",
    "corsheaders",
    "csp",
    "django_guid",
]
MIDDLEWARE = [
    "django_guid.middleware.guid_middleware",
    "config.middleware.guarded",
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.CompressedFrontend",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.middleware.bounded_body",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "members.second_factor.before_the_admin",
    "config.middleware.readable_json",
    "config.middleware.retry_after",
    "config.middleware.studio_time_for_staff",
    "config.middleware.database_faults",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
# A POST without its trailing slash must not be redirected: the body would be lost.
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
LANGUAGE_CODE = "en-gb"
USE_TZ = True
TIME_ZONE = "UTC"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# A page whose style sheets were not collected is ugly, not broken.
WHITENOISE_MANIFEST_STRICT = False
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ROOT = BASE_DIR / "web"
WHITENOISE_INDEX_FILE = True
WHITENOISE_ADD_HEADERS_FUNCTION = frontend.add_headers
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Members and signing in -------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "members.Member"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
SESSION_ENGINE = "members.session_store"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "members.adapter.MemberAccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
if not RATE_LIMITS:
    ACCOUNT_RATE_LIMITS = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off
# Only staff set one up, and an owner has appointed them: see the note in `members/second_factor.py`.
MFA_ALLOW_UNVERIFIED_EMAIL = True
# gunicorn listens on loopback: in production exactly one proxy stands in front and names the client.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if env.is_prod else 0
HEADLESS_TOKEN_STRATEGY = "members.authentication.OneQueryTokenStrategy"  # noqa: S105
# The links of mails come from settings, never from the Host header of whoever asked for the mail. They lead to the
# frontend; what stands behind the # is never sent to a server, so that no log has it.
HEADLESS_FRONTEND_URLS = {
    "account_confirm_email": f"{PUBLIC_BASE_URL}/#/confirm/{{key}}",
    "account_reset_password": f"{PUBLIC_BASE_URL}/#/forgot",
    "account_reset_password_from_key": f"{PUBLIC_BASE_URL}/#/password/{{key}}",
    "account_signup": f"{PUBLIC_BASE_URL}/#/sign-up",
}

# --- The API ----------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = rest.framework(rate_limits=RATE_LIMITS, proxies=1 if env.is_prod else 0)
DRF_STANDARDIZED_ERRORS = rest.ERRORS
SPECTACULAR_SETTINGS = rest.OPENAPI
CORS_URLS_REGEX = r"^/(api|_allauth)/"
CORS_ALLOW_CREDENTIALS = True
CORS_ALLOW_HEADERS = ["accept", "content-type", "idempotency-key", "x-csrftoken", "x-session-token"]
CORS_EXPOSE_HEADERS = ["retry-after", "x-request-id"]

# --- Headers ----------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
if env.is_prod:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^api/booking/stripe/webhook/$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    # Browsers take a cookie of such a name from this host alone, by TLS. The name of the other is told to frontends.
    SESSION_COOKIE_NAME = "__Host-sessionid"

# --- Logs -------------------------------------------------------------------------------------------------------------
DJANGO_GUID = {"GUID_HEADER_NAME": "X-Request-ID", "VALIDATE_GUID": True, "RETURN_HEADER": True, "EXPOSE_HEADER": False}
LOGGING = logs.configuration(as_json=env.is_prod)
logs.keep_secret(
    SECRET_KEY,
    *SECRET_KEY_FALLBACKS,
    STRIPE_SECRET_KEY,
    *STRIPE_WEBHOOK_SECRETS,
    TWILIO_AUTH_TOKEN,
    EMAIL_HOST_PASSWORD,
)
logs.keep_secret(unquote(urlsplit(DATABASE_URL).password or ""), urlsplit(DATABASE_URL).password or "")
