import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config import databases
from payments import stripe_client

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
databases.limit_statements(settings.TIMEOUTS)
# A hanging Stripe keeps three threads of four at most, and a slow one leaves one of eight to what needs no card.
waits, threads = settings.TIMEOUTS, settings.WEB_THREADS
places = max(1, threads * 3 // 4)
room = threads - places - max(1, threads // 8)
stripe_client.bulkhead.narrow(places, room=max(0, room), silent=waits.stripe_silence, longest=waits.stripe_place)
