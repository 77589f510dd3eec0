"""One page of what staff should look at; on a healthy day it is empty."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from booking.models import ClassSession
from members.models import Member
from notifications.models import Message
from payments.models import Payment, Reconciliation, Refund, UnmatchedMoney
from tests.cast import Caller, Sandbox, age, give_credits, paid_by_card, session

PAGE = "/admin/attention/"


def text(desk: Client) -> str:
    page = desk.get(PAGE)
    assert (page.status_code, "unsafe" in page["Content-Security-Policy"]) == (200, False)
    return page.content.decode()


def test_on_a_healthy_day_nothing_needs_attention(
    desk: Client, as_ana: Caller, as_ben: Caller, ana: Member, sandbox: Sandbox
) -> None:
    paid_by_card(as_ana, session(), sandbox)
    give_credits(ana, 1)
    as_ana.book(session())
    as_ben.book(session(), "card")
    assert "Nothing needs your attention." in text(desk)
    assert 'href="/admin/attention/"' in desk.get("/admin/").content.decode()


@pytest.fixture
def payment(as_ana: Caller, sandbox: Sandbox) -> Payment:
    paid_by_card(as_ana, session(), sandbox)
    return Payment.objects.get()


def test_money_that_does_not_add_up_stands_there_with_its_age_and_what_to_do(desk: Client, payment: Payment) -> None:
    Payment.objects.update(status="review", created_at=timezone.now() - timedelta(days=3))
    shown = text(desk)
    assert "Payments that do not add up" in shown
    assert "3\xa0days" in shown
    [link] = [part.split('"')[0] for part in shown.split('href="') if part.startswith("/admin/payments/payment/")][-1:]
    assert payment.subject in desk.get(link.replace("&amp;", "&")).content.decode()


def test_a_failed_refund_stands_there_until_it_is_owed_again(desk: Client, payment: Payment) -> None:
    now = timezone.now()
    values: dict[str, Any] = {"payment": payment, "amount": 500, "currency": "gbp", "reason": "staff", "due_at": now}
    Refund.objects.create(key="1", status="failed", ended_at=now, created_at=now, **values)
    Refund.objects.create(key="2", status="failed", failure_code="already_returned", created_at=now, **values)
    assert "Refunds that failed" in text(desk)
    Refund.objects.create(key="3", status="due", created_at=now, **values)
    assert "Refunds that failed" not in text(desk)


def test_unmatched_money_and_findings_of_a_comparison_stand_there(desk: Client) -> None:
    now = timezone.now()
    UnmatchedMoney.objects.create(stripe_id="pi_x", amount=5, currency="gbp", why="?", found_at=now)
    Reconciliation.objects.create(since=now, reached=now, repairs=True, left=2, started_at=now)
    shown = text(desk)
    assert "Money that belongs to nothing here" in shown
    assert "The last comparison with Stripe left something" in shown
    UnmatchedMoney.objects.update(resolved_at=now)
    Reconciliation.objects.create(since=now, reached=now, repairs=True, left=0, started_at=now)
    assert "Nothing needs your attention." in text(desk)


def test_what_cron_should_have_done_names_the_command(desk: Client, as_ana: Caller, sandbox: Sandbox) -> None:
    reference = as_ana.book(session(), "card").json()["reference"]
    age(reference, 40)
    assert "Nothing needs your attention." in text(desk)
    age(reference, 20)
    assert "run manage.py expire_pending_bookings" in text(desk)


def test_a_message_that_reached_nobody_stands_there(
    desk: Client, as_ana: Caller, ana: Member, sandbox: Sandbox
) -> None:
    give_credits(ana, 1)
    as_ana.book(session())
    Message.objects.update(status="failed", emailed_at=None, email_due_at=None, email_reason="refused")
    assert "Messages that reached nobody" in text(desk)
    Message.objects.update(emailed_at=timezone.now())
    assert "Nothing needs your attention." in text(desk)


def test_the_laws_are_checked_when_somebody_asks(desk: Client) -> None:
    one = session()
    assert "Every law holds." in desk.post(PAGE).content.decode()
    ClassSession.objects.filter(pk=one.pk).update(seats_taken=3)
    assert "Broken by" in desk.post(PAGE).content.decode()


def test_it_is_for_staff(as_ana: Caller, ana: Member) -> None:
    member = Client()
    member.force_login(ana)
    for browser in (Client(), member):
        assert browser.get(PAGE).status_code == 302
        assert browser.post(PAGE).status_code == 302
