"""From a fresh installation to a studio that is open: one page of every step. Reads only."""

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from config import stripe_steps, studio_steps
from config.steps import State


@permission_required("booking.change_classsession", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The page itself never waits for anybody; a press of its button asks Stripe."""
    asking = request.method == "POST" and stripe_steps.can_ask()
    answer = stripe_steps.ask() if asking else None
    now = timezone.now()
    parts = {
        "Stripe": stripe_steps.steps(answer, now),
        "Messages": studio_steps.messages(),
        "Cron": studio_steps.cron(now),
        "The studio": studio_steps.studio(now),
    }
    everything = [one for steps in parts.values() for one in steps]
    context = {
        **admin.site.each_context(request),
        "title": "First steps",
        "parts": parts.items(),
        "done": sum(one.state == State.DONE for one in everything),
        "total": len(everything),
        "can_ask": stripe_steps.can_ask(),
    }
    return TemplateResponse(request, "admin/checklist.html", context)
