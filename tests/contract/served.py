"""The program as `config.wsgi` serves it, watched in what it hands to the SDKs: a breach is an error in its log."""

import logging

from config.wsgi import application
from tests.contract import watch

__all__ = ["application"]

logger = logging.getLogger(__name__)

watch.install(lambda problem: logger.error("outside the SDK's contract: %s", problem))
