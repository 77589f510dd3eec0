"""Credits and packs."""

import re
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from members.models import Member
from payments.models import CreditPack, PackPurchase
from tests.cast import Caller, Sandbox, give_credits, session
from tests.races.server import Server
from tests.web.visitor import DECLINED, GOOD, Visit


def pack() -> CreditPack:
    return CreditPack.objects.create(name="Five classes", credits=5, amount=5500, currency="gbp", valid_days=90)


def test_credits_are_shown_with_their_end_and_what_became_of_them(visit: Visit, as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 3, timezone.now() + timedelta(days=10))
    as_ana.book(session())
    page = visit(ana, "/credits")
    page.sees("You have 2 credits.")
    page.sees(re.compile("2 of 3"))
    page.sees(re.compile("Spent"))
    page.shows("credits")


def test_a_pack_is_bought_by_card_and_its_credits_are_there(visit: Visit, ana: Member, sandbox: Sandbox) -> None:
    pack()
    page = visit(ana, "/credits")
    page.sees("You have no credits.")
    page.presses("Buy Five classes for £55.00")
    expect(page.card().get_by_label("Card number")).to_be_visible()
    page.shows("pack-form")
    page.pays_with(GOOD)
    page.sees("Your credits are here.")
    page.shows("pack-paid")
    expect(page.page.locator("nav")).to_contain_text("5 credits")


def test_a_purchase_whose_card_was_declined_ends_and_can_be_made_again(
    visit: Visit, ana: Member, sandbox: Sandbox
) -> None:
    pack()
    page = visit(ana, "/credits")
    page.presses("Buy Five classes for £55.00")
    page.refusals = {402}
    page.pays_with(DECLINED)
    page.sees("This purchase has ended. Nothing was charged.")
    page.follows("Choose a pack")
    page.presses("Buy Five classes for £55.00")
    page.pays_with(GOOD)
    page.sees("Your credits are here.")
    assert sorted(PackPurchase.objects.values_list("status", flat=True)) == ["freed", "paid"]


def test_a_purchase_that_was_left_is_gone_on_with(visit: Visit, ana: Member, sandbox: Sandbox) -> None:
    pack()
    page = visit(ana, "/credits")
    for _ in range(2):
        page.presses("Buy Five classes for £55.00")
        expect(page.card().get_by_label("Card number")).to_be_visible()
        page.goes("/credits")
    assert PackPurchase.objects.count() == 1


def test_whoever_is_not_signed_in_sees_packs_and_comes_back_to_them_signed_in(
    visit: Visit, ana: Member, sandbox: Sandbox
) -> None:
    pack()
    page = visit(path="/credits")
    page.shows("credits-visitor")
    page.presses("Buy Five classes for £55.00")
    page.page.get_by_label("E-mail").fill(ana.email)
    page.page.get_by_label("Password").fill("ana-and-the-wall")
    page.presses("Sign in")
    page.sees("You have no credits.")
    page.presses("Buy Five classes for £55.00")
    expect(page.card().get_by_label("Card number")).to_be_visible()


def test_what_moved_the_credits_is_said_in_words(visit: Visit, as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 3)
    reference = as_ana.book(session()).json()["reference"]
    as_ana.post(f"/api/booking/bookings/{reference}/cancel/")
    page = visit(ana, "/credits")
    page.sees("3 of 3")
    moves = page.page.get_by_role("listitem").filter(has=page.page.locator("time")).all_inner_texts()
    assert [move.split(" ", 3)[3] for move in moves] == ["Returned +1", "Spent −1", "Granted +3 · test"]
    page.shows("credits-moved")


def test_without_cards_no_pack_can_be_bought(visit: Visit, cardless: Server, ana: Member) -> None:
    pack()
    page = visit(ana, "/credits", at=cardless)
    page.sees("£55.00")
    expect(page.page.get_by_role("button", name=re.compile("^Buy"))).to_have_count(0)
