"""A freed seat goes to who waits for it, and an offer to who stood in line."""

from booking.laws.law import Law

OFFERS = Law(
    "offers",
    "A pending booking without a payment is the offer of one place in line, to its member and of its session.",
    """
    SELECT 'booking ' || b.reference AS subject, 'is held without a payment, and offered to nobody' AS wrong
    FROM booking_booking b
    WHERE b.status = 'pending' AND b.payment_id IS NULL
      AND NOT EXISTS (SELECT 1 FROM booking_waitlistentry w WHERE w.offer_id = b.id)
    UNION ALL
    SELECT 'place in line ' || w.id, 'has as its offer the booking ' || b.reference || ' of another'
    FROM booking_waitlistentry w JOIN booking_booking b ON b.id = w.offer_id
    WHERE b.member_id <> w.member_id OR b.session_id <> w.session_id
    """,
)
WAITING = Law(
    "waiting",
    "No seat is free for longer than the grace while somebody waits for it and offers are still made.",
    """
    SELECT 'session ' || s.id AS subject, s.capacity - s.seats_taken || ' seats free, ' || w.waiting || ' wait' AS wrong
    FROM (SELECT session_id, COUNT(*) AS waiting
          FROM booking_waitlistentry w JOIN members_member m ON m.id = w.member_id AND m.is_active
          WHERE w.offer_id IS NULL AND w.left_at IS NULL AND w.joined_at <= :grace
          GROUP BY session_id) w
    JOIN booking_classsession s ON s.id = w.session_id
    WHERE s.status = 'scheduled' AND s.seats_taken < s.capacity AND s.starts_at > :offers_reach
    """,
)
LAWS = (OFFERS, WAITING)
