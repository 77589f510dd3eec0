"""gunicorn's logs, without what must not stand in them."""

from typing import Any

from gunicorn.glogging import Logger

from config.logs import WithoutSecretAddresses


class AccessLogger(Logger):
    """gunicorn's own, with its lines for requests and errors filtered as those of the program are."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for logger in (self.access_log, self.error_log):
            logger.addFilter(WithoutSecretAddresses())
