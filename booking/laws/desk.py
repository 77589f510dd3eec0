"""What the front desk takes, gives and adds: the books hold it against the log of what staff did."""

from booking.laws.law import Law

# The log's `after` begins with the amount; what a law can read of it alike on every database is its text.
DESK_BOOKINGS = Law(
    "desk_bookings",
    "Cash taken at the desk stands in the log once, at the booking's price; what it returned is handed back once.",
    """
    SELECT 'booking ' || b.reference AS subject, 'is ' || b.status || ', paid at the desk with ' || b.amount || ' '
        || b.currency || ', returns ' || b.returned_amount || '; taken ' || COALESCE(a.taken, 0)
        || ' times, handed back ' || COALESCE(a.handed, 0) || ' times' AS wrong
    FROM booking_booking b
    LEFT JOIN (SELECT subject, SUM(CASE WHEN act = 'hand_back_cash' THEN 0 ELSE 1 END) AS taken,
                   SUM(CASE WHEN act = 'hand_back_cash' THEN 1 ELSE 0 END) AS handed,
                   MAX(CASE WHEN act = 'hand_back_cash' THEN '' ELSE CAST("after" AS text) END) AS agreed
               FROM members_staffact WHERE act IN ('walk_in', 'book_for_member', 'hand_back_cash')
               GROUP BY subject) a ON a.subject = 'booking:' || b.reference
    WHERE b.paid_with = 'desk'
      AND (b.payment_id IS NOT NULL OR b.credit_spend_id IS NOT NULL OR b.credits_spent > 0 OR COALESCE(a.taken, 0) <> 1
           OR a.agreed NOT LIKE '{"amount": ' || b.amount || ',%'
           OR a.agreed NOT LIKE '%"currency": "' || b.currency || '"%'
           OR COALESCE(a.handed, 0) <> CASE WHEN b.cash_returned_at IS NULL THEN 0 ELSE 1 END
           OR (b.status <> 'cancelled' AND b.returned_amount > 0))
    """,
)
EXTRA_SEATS = Law(
    "extra_seats",
    "A session has extra seats only while every seat is taken, and each of them stands in the log with its reason.",
    """
    SELECT 'session ' || s.id AS subject, s.extra_seats || ' extra seats, ' || s.seats_taken || ' taken of '
        || s.capacity || ', logged ' || (SELECT COUNT(*) FROM members_staffact a
            WHERE a.act = 'extra_seat' AND a.reason <> '' AND a.subject = 'session:' || s.id) AS wrong
    FROM booking_classsession s
    WHERE s.extra_seats > 0 AND (s.seats_taken <> s.capacity OR s.extra_seats > (
        SELECT COUNT(*) FROM members_staffact a
        WHERE a.act = 'extra_seat' AND a.reason <> '' AND a.subject = 'session:' || s.id))
    """,
)
LAWS = (DESK_BOOKINGS, EXTRA_SEATS)
