"""The program as `config.wsgi` serves it under the settings of production, with the sandbox as its vendors.

Production refuses a vendor on this machine, so that the addresses are put in after the settings have been read; style
sheets and scripts are served from where they lie, as if they had been collected.
"""

import os
from importlib import import_module

from django.conf import settings

settings.STRIPE_API_BASE = settings.TWILIO_API_BASE = os.environ["SANDBOX"]
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True

# What reads the settings when it is loaded.
application = import_module("config.wsgi").application

__all__ = ["application"]
