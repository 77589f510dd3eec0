"""A member of staff sets a second factor up, and signs in with it, in the admin as on the site."""

import re

from playwright.sync_api import expect

from booking.roles import MANAGER
from tests.cast import hired
from tests.members.test_second_factor import PASSWORD, totp
from tests.web.conftest import Servers
from tests.web.visitor import NARROW, Visit, Visitor


def types(page: Visitor, label: str, text: str, button: str) -> None:
    page.page.get_by_label(label).or_(page.page.get_by_placeholder(label)).first.fill(text)
    page.presses(button)


def test_staff_set_a_phone_up_and_sign_in_with_its_codes(visit: Visit, servers: Servers) -> None:
    site = servers(STAFF_SECOND_FACTOR="required", DEBUG="on")
    manager = hired(MANAGER)
    page = visit(at=site, viewport=NARROW)
    page.page.goto(f"{site.base}/admin/")
    page.page.get_by_placeholder("Email address").fill(manager.email)
    types(page, "Password", PASSWORD, "Sign In")
    page.sees("Confirm Access")
    types(page, "Password", PASSWORD, "Confirm")
    page.sees("Activate Authenticator App")
    assert page.page.evaluate("document.querySelector('img').naturalWidth") > 100
    page.shows("second-factor-set-up")
    secret = page.page.locator("#authenticator_secret").input_value()
    types(page, "Authenticator code", totp(secret, later=-1), "Activate")
    page.sees("10 out of 10 recovery codes")
    page.shows("second-factor-recovery-codes")
    page.page.get_by_role("link", name="Admin").click()
    expect(page.page).to_have_title(re.compile("^Site administration"))
    page.page.context.clear_cookies()
    page.goes("/sign-in")
    page.refusals.add(401)
    page.page.get_by_label("E-mail").fill(manager.email)
    types(page, "Password", PASSWORD, "Sign in")
    page.sees("Two-Factor Authentication")
    page.shows("second-factor-code")
    types(page, "Code", totp(secret), "Sign In")
    page.sees("Staff")
    page.page.goto(f"{site.base}/admin/")
    expect(page.page).to_have_title(re.compile("^Site administration"))
