"""Who may what: every route of the API and the admin, every method, everybody. What is not said here is refused.

People are letters: Nobody, a Member (Ana, whose booking and purchase it is), the Instructor of the session, the front
Desk, a manaGer, an Owner, and Staff without a role. A new route fails until it stands here.
"""

ALL, SIGNED_IN, STAFF = "NMIDGOS", "MIDGOS", "IDGOS"
DESK, BOSSES, APPOINTS, NOBODY = "DGO", "GO", "O", ""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
Row = dict[str, str]


def page(who: str) -> Row:
    """A page of the admin asks the same of every method."""
    return dict.fromkeys(METHODS, who)


# Staff without a role may over the API what the contract says of staff.
API: dict[str, Row] = {
    "api/members/me/": {"GET": SIGNED_IN, "PATCH": SIGNED_IN, "DELETE": SIGNED_IN},
    "api/members/me/export/": {"GET": SIGNED_IN},
    "api/members/": {"GET": "DGOS", "POST": "DGOS"},
    "api/booking/config/": {"GET": ALL},
    "api/booking/sessions/": {"GET": ALL, "POST": "GOS"},
    "api/booking/sessions/{pk}/": {"GET": ALL, "PATCH": "GOS"},
    "api/booking/sessions/{pk}/cancel/": {"POST": "GOS"},
    "api/booking/sessions/{pk}/roster/": {"GET": STAFF},
    "api/booking/sessions/{pk}/book/": {"POST": SIGNED_IN},
    "api/booking/sessions/{pk}/waitlist/": {"POST": SIGNED_IN, "DELETE": SIGNED_IN},
    "api/booking/waitlist/": {"GET": SIGNED_IN},
    "api/booking/bookings/": {"GET": SIGNED_IN},
    "api/booking/bookings/{reference}/": {"GET": "MDGOS"},
    "api/booking/bookings/{reference}/history/": {"GET": "MDGOS"},
    "api/booking/bookings/{reference}/sync/": {"POST": "MDGOS"},
    "api/booking/bookings/{reference}/cancellation/": {"GET": "MDGOS"},
    "api/booking/bookings/{reference}/cancel/": {"POST": "MDGOS"},
    "api/booking/bookings/{reference}/calendar.ics": {"GET": "MDGOS"},
    "api/booking/bookings/{reference}/check-in/": {"POST": STAFF, "DELETE": STAFF},
    "api/booking/calendar/": {"GET": SIGNED_IN, "POST": SIGNED_IN, "DELETE": SIGNED_IN},
    "api/booking/calendar/{token}.ics": {"GET": ALL},
    "api/payments/credits/": {"GET": SIGNED_IN},
    "api/payments/credits/grants/": {"POST": "GOS"},
    "api/payments/packs/": {"GET": ALL, "POST": "GOS"},
    "api/payments/packs/{pk}/": {"PATCH": "GOS"},
    "api/payments/packs/{pk}/buy/": {"POST": SIGNED_IN},
    "api/payments/purchases/": {"GET": SIGNED_IN},
    "api/payments/purchases/{reference}/": {"GET": "MGOS"},
    "api/payments/purchases/{reference}/sync/": {"POST": "MGOS"},
    "api/payments/purchases/{reference}/refund/": {"POST": "GOS"},
    # Signed, by Stripe and by Twilio; here nothing is configured, and nothing signed.
    "api/booking/stripe/webhook/": {"POST": ALL},
    "api/notifications/twilio/reply/": {},
    "api/notifications/twilio/status/{message_id}/": {},
    "api/schema/": {"GET": ALL},
    "api/docs/": {"GET": ALL},
    "api/": {},
}

ADMIN: dict[str, Row] = {
    "admin": page(ALL),  # leads to admin/
    "admin/": page(STAFF),
    "admin/login/": {**page("N"), **dict.fromkeys(("GET", "POST", "PUT"), "NIDGOS")},
    "admin/logout/": {**page("NM"), "POST": ALL},  # who is not there is led to admin/
    "admin/password_change/": {"GET": STAFF, "POST": STAFF, "PUT": STAFF},
    "admin/password_change/done/": {"GET": STAFF},
    "admin/jsi18n/": {"GET": STAFF},
    "admin/autocomplete/": {"GET": DESK},  # whom to grant credits
    "admin/r/{content_type_id}/{object_id}/": {},
    "admin/{app_label}/": page(DESK),
    "admin/{url}": {},
    "admin/attention/": page(BOSSES),
    "admin/booking/classsession/week/": page(DESK),
    "admin/booking/classsession/cancel/": page(BOSSES),
    "admin/booking/classsession/cancelled/": page(BOSSES),
    "admin/booking/classsession/change-many/": page(BOSSES),
    "admin/checklist/": dict.fromkeys(("GET", "POST"), BOSSES),
    "admin/reports/": {"GET": BOSSES},
    "admin/reports/{report}/{table}.csv": {"GET": BOSSES},
    # An instructor at the door of a session of their own.
    "admin/desk/": {"GET": "IDGO", "POST": DESK},
    "admin/desk/{pk}/": {"GET": "IDGO", "POST": "IDGO"},
    "admin/desk/{pk}/print/": {"GET": "IDGO"},
    "admin/desk/{pk}/people/": {"GET": DESK, "POST": DESK},
    "admin/desk/{pk}/people/{member}/": {"GET": DESK, "POST": DESK},
    "admin/people/{member_id}/": {"GET": DESK},
    "admin/people/{member_id}/note/": {"POST": DESK},
    "admin/people/{member_id}/grant/": {"POST": BOSSES},
    "admin/people/{member_id}/correct/": {"POST": BOSSES},
    "admin/people/{member_id}/refund/": {"POST": BOSSES},
    "admin/people/{member_id}/resend/": {"POST": BOSSES},
    "admin/people/{member_id}/block/": {"POST": BOSSES},
    "admin/people/{member_id}/unblock/": {"POST": BOSSES},
    "admin/members/member/{id}/password/": page(BOSSES),
}

# Who sees, adds, changes and deletes rows in Django's own pages of each model.
MODELS: dict[str, tuple[str, str, str, str]] = {
    "booking/sessiontype": (BOSSES, BOSSES, BOSSES, BOSSES),
    "booking/timetablerule": (BOSSES, BOSSES, BOSSES, BOSSES),
    "booking/closure": (BOSSES, BOSSES, BOSSES, BOSSES),
    "booking/classsession": (DESK, BOSSES, BOSSES, NOBODY),
    "booking/calendarfeed": (BOSSES, NOBODY, NOBODY, NOBODY),
    "booking/booking": (DESK, NOBODY, NOBODY, NOBODY),
    "booking/waitlistentry": (DESK, NOBODY, NOBODY, NOBODY),
    "payments/creditpack": (BOSSES, BOSSES, BOSSES, NOBODY),
    "payments/packpurchase": (BOSSES, NOBODY, NOBODY, NOBODY),
    "payments/payment": (BOSSES, NOBODY, NOBODY, NOBODY),
    "payments/refund": (BOSSES, NOBODY, NOBODY, NOBODY),
    "payments/dispute": (BOSSES, NOBODY, NOBODY, NOBODY),
    "payments/unmatchedmoney": (BOSSES, NOBODY, NOBODY, NOBODY),
    "payments/reconciliation": (BOSSES, NOBODY, NOBODY, NOBODY),
    "payments/stripeevent": (BOSSES, NOBODY, NOBODY, NOBODY),
    "payments/creditspend": (BOSSES, NOBODY, NOBODY, NOBODY),
    "payments/creditentry": (BOSSES, NOBODY, NOBODY, NOBODY),
    "payments/creditlot": (BOSSES, BOSSES, NOBODY, NOBODY),
    "notifications/message": (BOSSES, NOBODY, NOBODY, NOBODY),
    "notifications/reply": (BOSSES, NOBODY, NOBODY, NOBODY),
    "members/member": (DESK, BOSSES, BOSSES, NOBODY),
    "members/staffact": (BOSSES, NOBODY, NOBODY, NOBODY),
    "auth/group": (APPOINTS, APPOINTS, APPOINTS, APPOINTS),
    "account/emailaddress": (APPOINTS, NOBODY, NOBODY, NOBODY),
    "mfa/authenticator": (APPOINTS, NOBODY, NOBODY, APPOINTS),
}


def _of_model(name: str, sees: str, adds: str, changes: str, deletes: str) -> dict[str, Row]:
    return {
        f"admin/{name}/": page(sees),
        f"admin/{name}/add/": page(adds),
        f"admin/{name}/{{object_id}}/change/": {**page(sees), "POST": changes},
        f"admin/{name}/{{object_id}}/history/": page(sees),
        f"admin/{name}/{{object_id}}/delete/": page(deletes),
        f"admin/{name}/{{object_id}}/": page(STAFF),  # leads to its change/
    }


TABLE = API | ADMIN
for model, who in MODELS.items():
    TABLE |= _of_model(model, *who)

# Who is offered what can be done to marked rows, beside deleting them where rows may be deleted.
ACTIONS: dict[str, dict[str, str]] = {
    "booking/classsession": {"cancel_sessions": BOSSES, "change_many": BOSSES},
    "booking/timetablerule": {"generate": BOSSES},
    "payments/packpurchase": {"refund": BOSSES},
    "payments/refund": {"owe_again": BOSSES},
    "payments/unmatchedmoney": {"tick_off": BOSSES},
}

# What a form has to name before it is asked who sends it.
FORMS = {"admin/desk/": "booking={reference}", "admin/desk/{pk}/": "act=check_in&booking={reference}"}
