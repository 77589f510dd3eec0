"""Laws 9 to 11: what happened is written down, told, and finished."""

from booking.laws.law import Law

# Each legal edge is a digit of its own, each path of a booking a sum of them; anything else is a million, and no path.
EDGE = """CASE from_status
            WHEN '' THEN CASE to_status WHEN 'pending' THEN 1 WHEN 'paid' THEN 10 ELSE 1000000 END
            WHEN 'pending' THEN CASE to_status WHEN 'paid' THEN 100 WHEN 'freed' THEN 1000 ELSE 1000000 END
            WHEN 'freed' THEN CASE to_status WHEN 'paid' THEN 10000 ELSE 1000000 END
            WHEN 'paid' THEN CASE to_status WHEN 'cancelled' THEN 100000 ELSE 1000000 END
            ELSE 1000000 END"""
# The sums that end at a status. No path has more than four edges, and it takes ten of one to carry.
LEADS_THERE = """CASE b.status WHEN 'paid' THEN t.path IN (10, 101, 11001) WHEN 'pending' THEN t.path = 1
            WHEN 'freed' THEN t.path = 1001 WHEN 'cancelled' THEN t.path IN (100010, 100101, 111001) ELSE FALSE END
        AND t.steps <= 4"""

# Legal edges have no cycle: which edges there are tells the path, so one aggregate replaces a window over every row.
# Their order: the first leads out of nothing, so `pending` is left after it; what leaves `freed` or `paid`, which few
# do, is looked for by itself. The LEFT JOIN has SQLite walk the bookings in the order of the aggregate.
TRANSITIONS = Law(
    "transitions",
    "The transitions of a booking replay to its status along legal edges.",
    f"""
    SELECT 'booking ' || COALESCE(b.reference, 'not there') AS subject, 'is ' || COALESCE(b.status, 'not there')
        || ', its ' || t.steps || ' transitions do not lead there along legal edges' AS wrong
    FROM (SELECT booking_id, COUNT(*) AS steps, SUM({EDGE}) AS path,
              MIN(id) AS first, MAX(CASE WHEN from_status = '' THEN id END) AS made
          FROM booking_bookingtransition GROUP BY booking_id) t
    LEFT JOIN booking_booking b ON b.id = t.booking_id
    WHERE NOT ({LEADS_THERE} AND t.first = t.made)
    UNION ALL
    SELECT 'booking ' || (SELECT reference FROM booking_booking b WHERE b.id = t.booking_id),
        'never was ' || t.from_status || ' before it was ' || t.to_status
    FROM booking_bookingtransition t WHERE t.from_status IN ('freed', 'paid') AND NOT EXISTS (
        SELECT 1 FROM booking_bookingtransition e
        WHERE e.booking_id = t.booking_id AND e.id < t.id AND e.to_status = t.from_status)
    UNION ALL
    SELECT 'booking ' || b.reference, 'is ' || b.status || ', its transitions say nothing' FROM booking_booking b
    WHERE NOT EXISTS (SELECT 1 FROM booking_bookingtransition t WHERE t.booking_id = b.id)
    """,
)
# The bookings twice: SQLite keeps the order of a CROSS JOIN, so it walks the index of references beside that of the
# messages, both in order, and reads only the rows of bookings that were not told.
CONFIRMATIONS = Law(
    "confirmations",
    "A paid booking has its confirmation, sent, or failed or skipped for a stated reason; nothing is told twice.",
    """
    SELECT 'booking:' || b.reference AS subject, 'is paid and has no confirmation' AS wrong
    FROM booking_booking r CROSS JOIN booking_booking b
    WHERE b.id = r.id AND b.status = 'paid' AND NOT EXISTS (
        SELECT 1 FROM notifications_message m WHERE m.kind = 'booking_paid' AND m.subject = 'booking:' || r.reference)
    UNION ALL
    SELECT 'message ' || m.kind || ' of ' || m.subject, 'is ' || m.status || ' without a reason'
    FROM notifications_message m WHERE m.status IN ('failed', 'skipped') AND m.reason = ''
    UNION ALL
    SELECT 'message ' || kind || ' of ' || subject, 'is there ' || COUNT(*) || ' times'
    FROM notifications_message GROUP BY kind, subject HAVING COUNT(*) > 1
    """,
)
# An event that does not fit its payment has its effect in the review, of which the reason stays on the row.
HALF_DONE = Law(
    "half_done",
    "No event is stored without its effect, and nothing stands half-done for longer than the grace.",
    """
    SELECT 'event ' || e.event_id AS subject, 'is stored, ' || p.subject || ' is ' || p.status AS wrong
    FROM payments_stripeevent e JOIN payments_payment p ON p.id = e.payment_id
    WHERE p.review_reason = '' AND (
        (e.type = 'payment_intent.succeeded' AND p.status NOT IN ('paid', 'review'))
        OR (e.type = 'payment_intent.canceled' AND p.status IN ('creating', 'open', 'processing', 'voiding'))
        OR (e.type IN ('payment_intent.processing', 'payment_intent.payment_failed') AND p.status = 'creating'))
    UNION ALL
    SELECT 'event ' || e.event_id, 'is stored, and no refund' FROM payments_stripeevent e
    WHERE e.type IN ('refund.created', 'refund.updated', 'refund.failed')
      AND NOT EXISTS (SELECT 1 FROM payments_refund r WHERE r.payment_id = e.payment_id)
    UNION ALL
    SELECT 'event ' || e.event_id, 'is stored, and no dispute' FROM payments_stripeevent e
    WHERE e.type IN ('charge.dispute.created', 'charge.dispute.updated', 'charge.dispute.closed')
      AND NOT EXISTS (SELECT 1 FROM payments_dispute d WHERE d.payment_id = e.payment_id)
    UNION ALL
    SELECT 'payment ' || p.subject, 'is ' || p.status || ' since ' || p.created_at
    FROM payments_payment p LEFT JOIN booking_booking b ON b.payment_id = p.id
    LEFT JOIN payments_packpurchase u ON u.payment_id = p.id
    WHERE p.status IN ('creating', 'voiding') AND COALESCE(b.expires_at, u.expires_at, p.created_at) <= :half_done
      AND (p.void_claimed_at IS NULL OR p.void_claimed_at <= :grace)
    UNION ALL
    SELECT 'payment ' || p.subject,
        'is ' || p.status || ', what it is for is ' || COALESCE(b.status, u.status, 'not there')
    FROM payments_payment p LEFT JOIN booking_booking b ON b.payment_id = p.id
    LEFT JOIN payments_packpurchase u ON u.payment_id = p.id
    WHERE p.status IN ('creating', 'open', 'processing', 'voiding') AND COALESCE(b.status, u.status, '') <> 'pending'
    UNION ALL
    SELECT 'booking ' || b.reference, 'is held, its payment is ' || p.status
    FROM booking_booking b JOIN payments_payment p ON p.id = b.payment_id
    WHERE b.status = 'pending' AND p.status IN ('paid', 'void')
    UNION ALL
    SELECT 'purchase ' || u.reference, 'is pending, its payment is ' || p.status
    FROM payments_packpurchase u JOIN payments_payment p ON p.id = u.payment_id
    WHERE u.status = 'pending' AND p.status IN ('paid', 'void')
    UNION ALL
    SELECT 'refund of ' || p.subject, 'is due since ' || r.due_at
    FROM payments_refund r JOIN payments_payment p ON p.id = r.payment_id
    WHERE r.status = 'due' AND r.due_at <= :grace AND NOT EXISTS (
        SELECT 1 FROM payments_dispute d
        WHERE d.payment_id = p.id AND d.status NOT IN ('won', 'warning_closed'))
    UNION ALL
    SELECT 'message ' || m.kind || ' of ' || m.subject, 'is ' || m.status || ', due since ' || m.due_at
    FROM notifications_message m WHERE m.status IN ('queued', 'sending', 'unknown') AND m.due_at <= :grace
    """,
)
LAWS = (TRANSITIONS, CONFIRMATIONS, HALF_DONE)
