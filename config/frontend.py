"""The reference frontend: the files of `web/` as they are; the page under a policy that lets in Stripe.js alone."""

from urllib.parse import urlsplit

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.utils import build_policy
from django.conf import settings

# docs.stripe.com/security/guide: what a page with Stripe.js has to let in.
STRIPE = {
    "script-src": ["https://js.stripe.com", "https://*.js.stripe.com"],
    "frame-src": ["https://js.stripe.com", "https://*.js.stripe.com", "https://hooks.stripe.com"],
    "connect-src": ["https://api.stripe.com"],
}
OWN = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF, "data:"],
    "connect-src": [SELF],
    "manifest-src": [SELF],
    "base-uri": [NONE],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
}
# Any other file may be opened by itself, too: a page or picture of a library runs no script then.
FILE = build_policy(
    config={
        "default-src": [SELF],
        "script-src": [NONE],
        "style-src": [SELF, UNSAFE_INLINE],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
)


def add_headers(headers: dict[str, str], path: str, url: str) -> None:
    """Give the page its Content-Security-Policy, and each other file FILE. WhiteNoise calls this for each."""
    own = path == str(settings.WHITENOISE_ROOT / "index.html")
    headers["Content-Security-Policy"] = policy() if own else FILE


def policy() -> str:
    """What the page may load: its own files and API, and the Stripe.js that `config/` names."""
    script = urlsplit(settings.STRIPE_JS)
    other = f"{script.scheme}://{script.netloc}"
    theirs = STRIPE if other == STRIPE["script-src"][0] else {name: [other] for name in STRIPE}
    directives = {name: [*OWN.get(name, []), *theirs.get(name, [])] for name in OWN | theirs}
    return str(build_policy(config=directives))
