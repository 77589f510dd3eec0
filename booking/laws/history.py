"""Laws 9 to 11: what happened is written down, told, and finished."""

from booking.laws.law import Law

LEGAL = (
    "('', 'pending'), ('', 'paid'), ('pending', 'paid'), ('pending', 'freed'), ('paid', 'cancelled'), ('freed', 'paid')"
)
# Asked for findings alone: a join would have SQLite start at the bookings and jump from each to its transitions.
BOOKING = "'booking ' || (SELECT reference FROM booking_booking b WHERE b.id = t.booking_id)"

# The legal edges have no cycle. So transitions along them are one path, in order, exactly when each begins at a status
# that an earlier one reached and no two begin at the same; anti-joins tell that several times faster than a window.
TRANSITIONS = Law(
    "transitions",
    "The transitions of a booking replay to its status along legal edges.",
    f"""
    SELECT {BOOKING} AS subject, 'has a step from ' || t.from_status || ' to ' || t.to_status AS wrong
    FROM booking_bookingtransition t WHERE (t.from_status, t.to_status) NOT IN (VALUES {LEGAL})
    UNION ALL
    SELECT {BOOKING}, 'never was ' || t.from_status || ' before it was ' || t.to_status
    FROM booking_bookingtransition t WHERE t.from_status <> '' AND NOT EXISTS (
        SELECT 1 FROM booking_bookingtransition e
        WHERE e.booking_id = t.booking_id AND e.id < t.id AND e.to_status = t.from_status)
    UNION ALL
    SELECT {BOOKING}, 'has two steps from ' || t.from_status
    FROM booking_bookingtransition t WHERE EXISTS (
        SELECT 1 FROM booking_bookingtransition e
        WHERE e.booking_id = t.booking_id AND e.id < t.id AND e.from_status = t.from_status)
    UNION ALL
    SELECT 'booking ' || b.reference, 'is ' || b.status || ', its transitions say ' || t.to_status
    FROM booking_booking b JOIN booking_bookingtransition t ON t.booking_id = b.id
    WHERE b.status <> t.to_status AND NOT EXISTS (
        SELECT 1 FROM booking_bookingtransition n WHERE n.booking_id = t.booking_id AND n.id > t.id)
    UNION ALL
    SELECT 'booking ' || b.reference, 'is ' || b.status || ', its transitions say nothing' FROM booking_booking b
    WHERE NOT EXISTS (SELECT 1 FROM booking_bookingtransition t WHERE t.booking_id = b.id)
    """,
)
# Grouped, so that SQLite sorts them and walks the index of messages in order instead of jumping about in it.
CONFIRMATIONS = Law(
    "confirmations",
    "A paid booking has its confirmation, sent, or failed or skipped for a stated reason; nothing is told twice.",
    """
    SELECT b.subject AS subject, 'is paid and has no confirmation' AS wrong
    FROM (SELECT 'booking:' || reference AS subject FROM booking_booking WHERE status = 'paid' GROUP BY 1) b
    WHERE NOT EXISTS (
        SELECT 1 FROM notifications_message m WHERE m.kind = 'booking_paid' AND m.subject = b.subject)
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
    WHERE p.status IN ('creating', 'voiding') AND COALESCE(b.expires_at, p.created_at) <= :half_done
      AND (p.void_claimed_at IS NULL OR p.void_claimed_at <= :grace)
    UNION ALL
    SELECT 'payment ' || p.subject, 'is ' || p.status || ' for a booking that is ' || COALESCE(b.status, 'not there')
    FROM payments_payment p LEFT JOIN booking_booking b ON b.payment_id = p.id
    WHERE p.status IN ('creating', 'open', 'processing', 'voiding') AND COALESCE(b.status, '') <> 'pending'
    UNION ALL
    SELECT 'booking ' || b.reference, 'is held, its payment is ' || p.status
    FROM booking_booking b JOIN payments_payment p ON p.id = b.payment_id
    WHERE b.status = 'pending' AND p.status IN ('paid', 'void')
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
