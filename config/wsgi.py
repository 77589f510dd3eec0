import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from boundary.bulkhead import shares
from config import databases
from payments import stripe_client

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
databases.limit_statements(settings.TIMEOUTS)
waits, (places, room) = settings.TIMEOUTS, shares(settings.WEB_THREADS)
stripe_client.bulkhead.narrow(places, room=room, silent=waits.stripe_silence, longest=waits.stripe_place)
