import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config import databases
from payments import stripe_client

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
databases.limit_statements(settings.TIMEOUTS)
# A hanging Stripe keeps three threads of four at most; the others go on with what needs no card.
waits = settings.TIMEOUTS
stripe_client.bulkhead.narrow(
    max(1, settings.WEB_THREADS * 3 // 4), silent=waits.stripe_silence, longest=waits.stripe_place
)
