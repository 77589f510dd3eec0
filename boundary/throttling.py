"""How often one caller may ask: counted in each process, so that a request that is let through costs no statement."""

from ipaddress import IPv6Address, ip_address
from typing import Any

from django.core.cache import caches
from django.utils.connection import ConnectionProxy
from rest_framework.request import Request
from rest_framework.throttling import ScopedRateThrottle

# What one customer of a provider has of IPv6 at least.
NETWORK = (1 << 128) - (1 << 64)


class Throttle(ScopedRateThrottle):
    """DRF's, per member or else per address; of IPv6 the network counts, as whoever asks may choose the rest."""

    cache: Any = ConnectionProxy(caches, "throttles")

    def get_ident(self, request: Request) -> str:
        """The address of whoever asks, as the proxy names it."""
        named = str(super().get_ident(request))
        try:
            address = ip_address(named)
        except ValueError:
            return named
        if not isinstance(address, IPv6Address):
            return named
        return str(address.ipv4_mapped or IPv6Address(int(address) & NETWORK))
