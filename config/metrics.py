"""What Prometheus reads."""

from collections.abc import Iterator

from django.core.cache import cache
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from booking.models import Booking
from config import backlog, studio_steps
from members.models import CommandRun

# This count alone reads every booking there ever was; all else is found by an index.
RECOUNTED_SECONDS = 60


class Studio(Collector):
    """The state of the database when it is asked; the same from whichever process answers."""

    def collect(self) -> Iterator[Metric]:
        said = "Bookings by status, a minute old at most."
        bookings = GaugeMetricFamily("holdfast_bookings", said, labels=["status"])
        counted = cache.get_or_set("bookings-by-status", _by_status, RECOUNTED_SECONDS) or {}
        for status in Booking.Status.values:
            bookings.add_metric([status], counted.get(status, 0))
        yield bookings
        holds = Booking.objects.filter(status=Booking.Status.PENDING).count()
        yield GaugeMetricFamily("holdfast_holds", "Unpaid holds.", holds)
        for name, waiting in backlog.measure(timezone.now()).items():
            said = name.replace("_", " ")
            yield GaugeMetricFamily(f"holdfast_{name}", f"How many: {said}.", waiting.count)
            oldest = f"How long the oldest is overdue: {said}."
            yield GaugeMetricFamily(f"holdfast_{name}_oldest_seconds", oldest, waiting.seconds)
        yield from _commands()


def _commands() -> Iterator[Metric]:
    """When each command of cron last came to its end, and whether everything was done then; one query."""
    ended = GaugeMetricFamily("holdfast_command_ended_seconds", "When it last ended, in Unix time.", labels=["command"])
    done = GaugeMetricFamily("holdfast_command_done", "1: nothing was left by that run.", labels=["command"])
    ran = {run.command: run for run in CommandRun.objects.exclude(ended_at=None)}
    for command in studio_steps.CRON:
        run = ran.get(command)
        ended.add_metric([command], run.ended_at.timestamp() if run and run.ended_at else 0)
        done.add_metric([command], float(run is not None and run.done))
    yield ended
    yield done


def _by_status() -> dict[str, int]:
    return dict(Booking.objects.order_by().values_list("status").annotate(Count("pk")))


_registry = CollectorRegistry()
_registry.register(Studio())


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, from the database alone."""
    return HttpResponse(generate_latest(_registry), content_type=CONTENT_TYPE_LATEST)
