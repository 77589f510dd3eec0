"""A healthy studio of any size, filled by set-based SQL that reads the same on SQLite and on PostgreSQL.

Every row follows from the number of its booking by arithmetic: the same studio comes out each time. Blocks of forty
bookings are two sessions, of twelve and of thirty seats, spread over two years of which the last month is to come.
"""

from __future__ import annotations

import sys
import time

import django
from django.db import connection

BLOCK = 40
DAY = 86_400
MEMBERS_PER_BLOCK = 1  # forty bookings a member, over two years

# What became of a booking, by h, a number below 100: of a hundred 48 are paid with credits, 45 by card (one of them
# late and seated again), one is refunded, six are freed or, while the session is to come, held; a tenth is free.
PLAN = """
    CREATE TEMPORARY TABLE plan AS
    SELECT p.*, CASE WHEN created < {now} - 1800 THEN created + 240 ELSE created END AS ended,
        CASE WHEN session_id % 14 = 0 THEN 'free' WHEN h < 48 THEN 'credits' WHEN h < 92 THEN 'card'
             WHEN h = 92 THEN 'reseated' WHEN h = 93 THEN 'refunded' WHEN h < 98 OR starts < {now} THEN 'freed'
             ELSE 'held' END AS kind
    FROM (
        SELECT q.*, CASE WHEN h >= 98 AND starts > {now} THEN {now} - 300
                         WHEN starts - (i % 5 + 1) * {day} < {now} - 7200 THEN starts - (i % 5 + 1) * {day}
                         ELSE {now} - 7200 - i % 86400 END AS created
        FROM (
            SELECT i + 1 AS id, i, (i * 37 + i / 100) % 100 AS h,
                2 * (i / {block}) + CASE WHEN i % {block} < 12 THEN 1 ELSE 2 END AS session_id,
                {first} + (i * 7919) % {members} + 1 AS member_id,
                {now} - 700 * {day} + (i / {block} * 613) % 1000 * 63072 AS starts,
                {reference} AS reference
            FROM ({numbers}) numbers
        ) q
    ) p
"""
NUMBERS = """
    WITH RECURSIVE n(i) AS (SELECT CAST({first} AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {last})
    SELECT i FROM n
"""
# An odd factor that 5 does not divide scatters the numbers over all eight digits, each once.
SCATTERED = "(i * 58271339) % 100000000"

PAID = "kind IN ('free', 'credits', 'card', 'reseated')"
BY_CARD = "kind IN ('card', 'reseated', 'refunded', 'freed', 'held')"
MONEY_CAME = "kind IN ('card', 'reseated', 'refunded')"

ROWS = {
    "members_member (id, password, is_superuser, email, name, phone, whatsapp_opt_in, is_staff, is_active,"
    " date_joined)": """
        SELECT m, '!', FALSE, 'member' || m || '@example.com', 'Member ' || m, '', m % 3 > 0, FALSE, TRUE, {long_ago}
        FROM (SELECT DISTINCT member_id AS m FROM plan) members""",
    "booking_classsession (id, title, description, instructor, location, starts_at, ends_at, capacity, seats_taken,"
    " amount, currency, credits_required, status, created_at)": """
        SELECT session_id, 'Yoga for everybody ' || session_id, 'Bring a mat and some water.', 'Isla', 'Studio 1',
            {starts}, {ends}, CASE WHEN session_id % 2 = 1 THEN 12 ELSE 30 END,
            SUM(CASE WHEN kind IN ('refunded', 'freed') THEN 0 ELSE 1 END),
            CASE WHEN session_id % 14 = 0 THEN 0 ELSE 1500 END, 'gbp', 1, 'scheduled', {long_ago}
        FROM plan GROUP BY session_id, starts""",
    "payments_creditspend (id, subject, member_id, credits, created_at)": """
        SELECT id, 'booking:' || reference, member_id, 1, {created} FROM plan WHERE kind = 'credits'""",
    "payments_payment (id, reference, subject, attempt, member_id, amount, currency, description, status,"
    " stripe_intent_id, amount_received, void_reason, failure_code, decline_code, review_reason,"
    " created_at, ended_at)": f"""
        SELECT id, {{uuid}}, 'booking:' || reference, 1, member_id, 1500, 'gbp',
            'Yoga for everybody ' || session_id || ' (' || reference || ')',
            CASE WHEN {MONEY_CAME} THEN 'paid' WHEN kind = 'freed' THEN 'void' ELSE 'open' END,
            'pi_3Qx' || reference || 'LkdIwHu7ix', CASE WHEN {MONEY_CAME} THEN 1500 ELSE 0 END,
            CASE WHEN kind = 'freed' THEN 'expired' ELSE '' END, '', '', '', {{created}},
            CASE WHEN kind <> 'held' THEN {{ended}} END
        FROM plan WHERE {BY_CARD}""",
    "booking_booking (id, reference, member_id, session_id, status, pay_with, paid_with, amount, currency,"
    " credits_spent, payment_id, credit_spend_id, idempotency_key, created_at, expires_at, paid_at, ended_at,"
    " ended_reason)": f"""
        SELECT id, reference, member_id, session_id,
            CASE WHEN {PAID} THEN 'paid' WHEN kind = 'held' THEN 'pending' ELSE 'freed' END, 'auto',
            CASE kind WHEN 'reseated' THEN 'card' WHEN 'refunded' THEN '' WHEN 'freed' THEN '' WHEN 'held' THEN ''
                ELSE kind END,
            CASE WHEN {BY_CARD} THEN 1500 ELSE 0 END, 'gbp', CASE WHEN kind = 'credits' THEN 1 ELSE 0 END,
            CASE WHEN {BY_CARD} THEN id END, CASE WHEN kind = 'credits' THEN id END,
            CASE WHEN i % 2 = 0 THEN 'app-' || reference || '-1' END, {{created}},
            CASE WHEN {BY_CARD} THEN {{expires}} END, CASE WHEN {PAID} THEN {{ended}} END,
            CASE WHEN kind IN ('refunded', 'freed') THEN {{ended}} END,
            CASE WHEN kind IN ('refunded', 'freed') THEN 'expired' ELSE '' END
        FROM plan""",
    "payments_creditlot (id, member_id, granted, remaining, source, note, created_at)": """
        SELECT lot, member_id, 10, 10 - COUNT(*), 'grant', 'A pack of ten', {long_ago}
        FROM spent GROUP BY lot, member_id""",
    "payments_creditentry (lot_id, spend_id, kind, credits, created_at)": """
        SELECT lot, NULL, 'granted', 10, {long_ago} FROM spent GROUP BY lot
        UNION ALL SELECT lot, id, 'spent', -1, {created} FROM spent""",
    "booking_bookingtransition (booking_id, from_status, to_status, reason, by, at)": f"""
        SELECT id, '', CASE WHEN {BY_CARD} THEN 'pending' ELSE 'paid' END,
            CASE WHEN {BY_CARD} THEN 'hold' ELSE kind END, 'member', {{created}} FROM plan
        UNION ALL SELECT id, 'pending', CASE WHEN kind = 'card' THEN 'paid' ELSE 'freed' END,
            CASE WHEN kind = 'card' THEN 'payment_succeeded' ELSE 'expired' END,
            CASE WHEN kind = 'card' THEN 'stripe:evt_1Qx' || reference ELSE 'expire_pending_bookings' END, {{ended}}
        FROM plan WHERE {BY_CARD} AND kind <> 'held'
        UNION ALL SELECT id, 'freed', 'paid', 'late_payment', 'stripe:evt_1Qx' || reference, {{ended}}
        FROM plan WHERE kind = 'reseated'""",
    "payments_refund (id, reference, payment_id, key, amount, currency, reason, status, attempt, stripe_refund_id,"
    " failure_code, due_at, asked_at, created_at, ended_at)": """
        SELECT id, {uuid}, id, 'holdfast:' || reference || ':refund:late_payment', 1500, 'gbp', 'late_payment',
            'succeeded', 1, 're_3Qx' || reference || 'LkdIwHu', '', {ended}, {ended}, {ended}, {ended}
        FROM plan WHERE kind = 'refunded'""",
    "payments_stripeevent (event_id, type, payment_id, api_version, created_at, received_at)": f"""
        SELECT 'evt_1Qx' || reference, CASE WHEN kind = 'freed' THEN 'payment_intent.canceled'
            ELSE 'payment_intent.succeeded' END, id, '2026-10-28.endive', {{ended}}, {{ended}}
        FROM plan WHERE {BY_CARD} AND kind <> 'held'
        UNION ALL SELECT 'evt_2Qx' || reference, 'refund.updated', id, '2026-10-28.endive', {{ended}}, {{ended}}
        FROM plan WHERE kind = 'refunded'""",
    "notifications_message (id, kind, subject, member_id, variables, status, reason, attempts, due_at, sid,"
    " created_at, ended_at)": f"""
        SELECT {{uuid}}, CASE WHEN {PAID} THEN 'booking_paid' ELSE 'hold_expired' END, 'booking:' || reference,
            member_id, {{variables}}, CASE WHEN member_id % 3 > 0 THEN 'delivered' ELSE 'skipped' END,
            CASE WHEN member_id % 3 > 0 THEN '' ELSE 'no_consent' END, 1, {{ended}},
            CASE WHEN member_id % 3 > 0 THEN 'MM0123456789abcdef' || reference ELSE '' END, {{ended}}, {{ended}}
        FROM plan WHERE kind <> 'held'""",
}
# The n-th credit a member spends comes from their lot n / 10.
SPENT = """
    CREATE TEMPORARY TABLE spent AS
    SELECT plan.*, member_id * 1000 + (ROW_NUMBER() OVER (PARTITION BY member_id ORDER BY i) - 1) / 10 AS lot
    FROM plan WHERE kind = 'credits'
"""

# A filling that is cut off is thrown away, and what refers to what follows from arithmetic: nothing is synced, no
# reference looked up, and the scattered keys find the pages of their index in memory.
FAST_SQLITE = (
    "PRAGMA synchronous = OFF",
    "PRAGMA foreign_keys = OFF",
    "PRAGMA cache_size = -1000000",
    "PRAGMA wal_autocheckpoint = 100000",
)
FAST_POSTGRESQL = ("SET session_replication_role = replica", "SET synchronous_commit = off", "SET work_mem = '128MB'")


def grow(first: int, last: int) -> None:
    """Add the bookings from `first` up to `last`, whole blocks of them, and everything that hangs on them."""
    postgresql = connection.vendor == "postgresql"
    words = _words(postgresql) | {"first": first, "last": last, "now": int(time.time()), "block": BLOCK, "day": DAY}
    words |= {"members": max((last - first) // BLOCK * MEMBERS_PER_BLOCK, BLOCK), "numbers": NUMBERS.format(**words)}
    with connection.cursor() as cursor:
        for setting in FAST_POSTGRESQL if postgresql else FAST_SQLITE:
            cursor.execute(setting)
        cursor.execute(PLAN.format(**words))
        cursor.execute(SPENT)
        for into, rows in ROWS.items():
            cursor.execute(f"INSERT INTO {into} {rows.format(**words)}")
        cursor.execute("DROP TABLE spent")
        cursor.execute("DROP TABLE plan")
        cursor.execute("VACUUM ANALYZE" if postgresql else "ANALYZE")


def _words(postgresql: bool) -> dict[str, str]:
    """What each database says in its own way: moments, random names, JSON."""
    moment = "to_timestamp({})" if postgresql else "datetime({}, 'unixepoch')"
    seconds = {"starts": "starts", "ends": "starts + 3600", "created": "created", "ended": "ended"}
    seconds |= {"expires": "created + 1800", "long_ago": "1700000000"}
    told = """'{{"name": "Member ' || member_id || '", "start": "Mon 2 Mar 2026, 18:00", "title": "Yoga for everybody '
        || session_id || '", "reference": "' || reference || '"}}'""".format()
    own = {
        "reference": f"lpad(({SCATTERED})::text, 8, '0')" if postgresql else f"printf('%08d', {SCATTERED})",
        "uuid": "gen_random_uuid()" if postgresql else "lower(hex(randomblob(16)))",
        "variables": f"({told})::jsonb" if postgresql else told,
    }
    return own | {name: moment.format(value) for name, value in seconds.items()}


if __name__ == "__main__":
    django.setup()
    grow(int(sys.argv[1]), int(sys.argv[2]))
