"""Signing up and in, a forgotten password, and what a member may change of themselves."""

import re

import pytest
from allauth.account.models import EmailAddress
from playwright.sync_api import expect

from booking.models import CalendarFeed
from members.models import Member
from tests.cast import Caller, session
from tests.races.server import Server
from tests.web.visitor import Visit

PASSWORD = "a-door-of-ones-own"


def test_who_is_new_signs_up_and_goes_on_where_they_were(visit: Visit) -> None:
    one = session(amount=0)
    page = visit(path=f"/session/{one.pk}")
    page.follows("Sign in to book")
    page.follows("New here? Create an account")
    page.shows("sign-up")
    page.page.get_by_label("Name").fill("Dora")
    page.page.get_by_label("E-mail").fill("dora@example.com")
    page.page.get_by_label("Password").fill("short")
    page.refusals = {400}
    page.presses("Create account")
    page.sees(re.compile("too short"))
    page.shows("sign-up-refused")
    page.page.get_by_label("Password").fill(PASSWORD)
    page.presses("Create account")
    page.presses(re.compile("^Book"))
    page.sees("You are in")
    assert Member.objects.get(email="dora@example.com").name == "Dora"


@pytest.fixture
def dora() -> Member:
    return Member.objects.create_user("dora@example.com", PASSWORD, name="Dora")


def test_signing_in_and_out(visit: Visit, dora: Member) -> None:
    page = visit(path="/sign-in")
    page.shows("sign-in")
    page.page.get_by_label("E-mail").fill("dora@example.com")
    page.page.get_by_label("Password").fill("wrong-from-the-start")
    page.refusals = {400}
    page.presses("Sign in")
    page.sees("This address and this password do not belong together.")
    page.page.get_by_label("Password").fill(PASSWORD)
    page.presses("Sign in")
    page.follows("Account")
    page.sees("dora@example.com")
    page.refusals = {401}
    page.presses("Sign out")
    page.sees("You are signed out.")
    expect(page.page.get_by_role("link", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("elsewhere", ["//evil.example", "javascript:alert(1)", "https://evil.example/#/"])
def test_nobody_is_led_away_after_signing_in(visit: Visit, dora: Member, elsewhere: str) -> None:
    page = visit(path=f"/sign-in?then={elsewhere}")
    page.page.get_by_label("E-mail").fill("dora@example.com")
    page.page.get_by_label("Password").fill(PASSWORD)
    page.presses("Sign in")
    page.page.wait_for_url(f"{page.base}/#/")


def test_a_forgotten_password_is_chosen_anew_by_mail(visit: Visit, site: Server, dora: Member) -> None:
    page = visit(path="/forgot")
    page.shows("forgot")
    page.page.get_by_label("E-mail").fill("dora@example.com")
    page.presses("Send the link")
    page.sees("If there is an account with this address, the link is on its way.")
    link = re.search(r"/#(/password/\S+)", site.logged())
    assert link
    page.goes(link[1])
    page.page.get_by_label("Password").fill("another-door-of-ones-own")
    page.refusals = {401}  # allauth's way to say: set, and not signed in
    page.presses("Set password")
    page.sees("Your password is set. Sign in with it.")
    page.goes(link[1])
    page.page.get_by_label("Password").fill("a-third-door-of-ones-own")
    page.refusals = {400, 401}
    page.presses("Set password")
    page.sees("This link was used or is too old. Ask for a new one.")


def test_an_address_is_confirmed_by_the_mailed_link_once(visit: Visit, site: Server) -> None:
    page = visit(path="/sign-up")
    page.page.get_by_label("E-mail").fill("dora@example.com")
    page.page.get_by_label("Password").fill(PASSWORD)
    page.presses("Create account")
    page.follows("Account")
    link = re.search(r"/#(/confirm/\S+)", site.logged())
    assert link
    page.goes(link[1])
    page.sees("Your address is confirmed.")
    page.shows("confirmed")
    assert EmailAddress.objects.get(email="dora@example.com").verified
    page.refusals = {400, 409}
    page.page.reload()
    page.sees("Try again")


def test_an_address_that_is_taken_is_told_beside_the_field(visit: Visit, dora: Member) -> None:
    page = visit(path="/sign-up")
    page.page.get_by_label("E-mail").fill("dora@example.com")
    page.page.get_by_label("Password").fill(PASSWORD)
    page.refusals = {400, 409}
    page.presses("Create account")
    field = page.page.get_by_label("E-mail")
    expect(field).to_have_attribute("aria-invalid", "true")
    told = page.page.locator(f"#{field.get_attribute('aria-describedby')}")
    expect(told).to_have_text("There is an account with this address: sign in.")


def test_name_phone_and_consent_are_changed(visit: Visit, ben: Member) -> None:
    page = visit(ben, "/account")
    page.shows("account")
    page.page.get_by_label("Phone, with country code").fill("12")
    page.refusals = {400}
    page.presses("Save")
    expect(page.page.get_by_label("Phone, with country code")).to_have_attribute("aria-invalid", "true")
    page.shows("account-refused")
    page.page.get_by_label("Name").fill("Ben B.")
    page.page.get_by_label("Phone, with country code").fill("+44 7700 900999")
    page.page.get_by_label("Send me messages by WhatsApp").check()
    page.presses("Save")
    page.sees("Saved.")
    ben.refresh_from_db()
    assert (ben.name, str(ben.phone), ben.whatsapp_opt_in) == ("Ben B.", "+447700900999", True)


def test_a_password_is_changed(visit: Visit, dora: Member) -> None:
    page = visit(dora, "/account")
    page.page.get_by_label("Current password").fill("wrong-from-the-start")
    page.page.get_by_label("New password").fill("another-door-of-ones-own")
    page.refusals = {400}
    page.presses("Change password")
    page.sees(re.compile("current password"))
    page.page.get_by_label("Current password").fill(PASSWORD)
    page.presses("Change password")
    page.sees("Your password is changed.")


def test_a_calendar_address_is_shown_once_renewed_and_ended(visit: Visit, ana: Member) -> None:
    page = visit(ana, "/account")
    page.presses("Make an address")
    shown = page.page.get_by_label("Your address, shown this once")
    first = shown.input_value()
    assert Caller().http.get(first.removeprefix(page.base)).status_code == 200
    page.page.reload()
    page.sees(re.compile("You have an address since"))
    page.presses("Make a new address")
    expect(shown).not_to_have_value(first)
    page.shows("account-calendar")
    page.presses("End the address")
    page.sees("The address is ended.")
    assert not CalendarFeed.objects.exists()


def test_everything_held_can_be_taken_along_and_forgotten(visit: Visit, ana: Member) -> None:
    page = visit(ana, "/account")
    with page.page.expect_download() as saved:
        page.follows("Download everything we hold about you")
    assert '"ana@example.com"' in saved.value.path().read_text()
    page.presses("Erase my account")
    page.sees("Your name, address and phone are forgotten")
    page.shows("account-erase")
    page.refusals = {401}
    page.presses("Yes, erase me")
    page.sees("You are forgotten. Goodbye.")
    ana.refresh_from_db()
    assert (ana.is_active, ana.name) == (False, "")


def test_whoever_was_signed_out_elsewhere_signs_in_again_and_goes_on(visit: Visit, dora: Member) -> None:
    page = visit(dora, "/credits")
    page.sees("You have no credits.")
    page.context.clear_cookies(name="sessionid")
    page.refusals = {401, 403}
    page.follows("Account")
    page.sees("Please sign in again.")
    page.page.get_by_label("E-mail").fill("dora@example.com")
    page.page.get_by_label("Password").fill(PASSWORD)
    page.presses("Sign in")
    page.sees("About you")
