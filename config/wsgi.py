import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config import databases

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
databases.limit_statements(settings.TIMEOUTS)
