"""Laws 1 to 3: no seat is sold twice, and none is held for ever."""

from booking.laws.law import Law

HOLDING = "('pending', 'paid')"

SEATS = Law(
    "seats",
    "The seats taken of a session are its holding bookings, and never above its capacity.",
    f"""
    SELECT 'session ' || s.id AS subject,
        s.seats_taken || ' taken, ' || COALESCE(b.held, 0) || ' held, capacity ' || s.capacity AS wrong
    FROM booking_classsession s
    LEFT JOIN (SELECT session_id, COUNT(*) AS held FROM booking_booking WHERE status IN {HOLDING}
               GROUP BY session_id) b ON b.session_id = s.id
    WHERE s.seats_taken <> COALESCE(b.held, 0) OR s.seats_taken > s.capacity
    """,
)
ONE_BOOKING = Law(
    "one_booking",
    "A member holds at most one booking of a session.",
    f"""
    SELECT 'member ' || member_id AS subject, COUNT(*) || ' holding bookings of session ' || session_id AS wrong
    FROM booking_booking WHERE status IN {HOLDING} GROUP BY member_id, session_id HAVING COUNT(*) > 1
    """,
)
# Money under way or in review keeps its seat. While a run of the expiry command asks Stripe about such a payment it is
# `voiding`, and claimed; a claim is released within seconds, and a dead process's is taken over within the grace.
STALE_HOLDS = Law(
    "stale_holds",
    "No hold outlives its expiry, or a session that began or was cancelled, by more than the grace.",
    """
    SELECT 'booking ' || b.reference AS subject, 'held past ' ||
        CASE WHEN b.expires_at <= :grace THEN 'its expiry' ELSE 'its session' END AS wrong
    FROM booking_booking b
    JOIN booking_classsession s ON s.id = b.session_id
    LEFT JOIN payments_payment p ON p.id = b.payment_id
    WHERE b.status = 'pending' AND COALESCE(p.status, '') NOT IN ('processing', 'review')
      AND (p.void_claimed_at IS NULL OR p.void_claimed_at <= :grace)
      AND (b.expires_at <= :grace OR s.starts_at <= :grace OR (s.status = 'cancelled' AND b.created_at <= :grace))
    """,
)
LAWS = (SEATS, ONE_BOOKING, STALE_HOLDS)
